// Command kustomization prints a JSON schema of kustomization.yaml, made from kustomize's own types.
// kustomize publishes none that is complete, and it refuses unknown fields as this schema does.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
)

type schema map[string]any

func main() {
	encoder := json.NewEncoder(os.Stdout)
	if err := encoder.Encode(schemaOf(reflect.TypeFor[types.Kustomization]())); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func schemaOf(t reflect.Type) schema {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Struct:
		properties := schema{}
		addFields(t, properties)
		return schema{"type": "object", "properties": properties, "additionalProperties": false}
	case reflect.Slice:
		return schema{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.String:
		return schema{"type": "string"}
	default: // interfaces: anything
		return schema{}
	}
}

func addFields(t reflect.Type, properties schema) {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case options == "inline" || (field.Anonymous && name == ""):
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			addFields(inner, properties)
		case name != "" && name != "-" && field.IsExported():
			properties[name] = schemaOf(field.Type)
		}
	}
}
