package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// markerKey is the key of the comment that marks a line: # {"$imagepolicy": "namespace:policy"}
const markerKey = "$imagepolicy"

// set gives every marked value below root the image of its policy, and writes the files that changed.
// It prints their paths, and is true when each policy marks at least one line.
func set(root string, assignments []string) (bool, error) {
	values, err := markedValues(assignments)
	if err != nil {
		return false, err
	}
	seen := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isYaml(path) {
			return err
		}
		return bump(root, path, values, seen)
	})
	if err != nil {
		return false, err
	}
	return reportUnmarked(assignments, seen), nil
}

// markedValues maps what a marker can say to what its line then gets: the policy to the whole reference,
// `policy:tag` to its tag.
func markedValues(assignments []string) (map[string]string, error) {
	values := map[string]string{}
	for _, assignment := range assignments {
		policy, image, ok := strings.Cut(assignment, "=")
		if !ok || strings.Count(policy, ":") != 1 {
			return nil, fmt.Errorf("%q is not NAMESPACE:POLICY=IMAGE", assignment)
		}
		tag, err := tagOf(image)
		if err != nil {
			return nil, err
		}
		values[policy], values[policy+":tag"] = image, tag
	}
	return values, nil
}

// tagOf takes the tag out of name:tag or name:tag@digest; a registry's port is not a tag.
func tagOf(image string) (string, error) {
	name, _, _ := strings.Cut(image, "@")
	colon := strings.LastIndex(name, ":")
	if colon < 0 || strings.Contains(name[colon:], "/") {
		return "", fmt.Errorf("%q has no tag", image)
	}
	return name[colon+1:], nil
}

// isYaml is true for the names that Flux looks into.
func isYaml(path string) bool {
	extension := filepath.Ext(path)
	return extension == ".yaml" || extension == ".yml"
}

// bump rewrites one file when a marked value in it changes. Files without the word are not even parsed,
// and a file whose values stay is not written: both as Flux does.
func bump(root, path string, values map[string]string, seen map[string]bool) error {
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(`"`+markerKey+`"`)) {
		return err
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	documents, err := parse(text, relative)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	changed := false
	for _, document := range documents {
		changed = setMarked(document.YNode(), values, seen) || changed
	}
	if !changed {
		return nil
	}
	fmt.Println(relative)
	return write(root, documents)
}

// setMarked walks a document and is true when it changed a value.
func setMarked(node *yaml.Node, values map[string]string, seen map[string]bool) bool {
	changed := false
	for _, child := range node.Content {
		changed = setMarked(child, values, seen) || changed
	}
	policy, marked := markerOf(node)
	if !marked {
		return changed
	}
	value, wanted := values[policy]
	if !wanted {
		return changed
	}
	seen[strings.TrimSuffix(policy, ":tag")] = true
	if node.Value == value {
		return changed
	}
	node.Value = value
	return true
}

// markerOf reads the marker from the comment on a scalar's own line. A comment that is not exactly the
// JSON object marks nothing; Flux ignores it without a word, too.
func markerOf(node *yaml.Node) (string, bool) {
	if node.Kind != yaml.ScalarNode {
		return "", false
	}
	var marker map[string]string
	comment := strings.TrimLeft(node.LineComment, "# ")
	if json.Unmarshal([]byte(comment), &marker) != nil {
		return "", false
	}
	policy, ok := marker[markerKey]
	return policy, ok
}

// reportUnmarked names the policies that mark no line, and is true when there is none.
func reportUnmarked(assignments []string, seen map[string]bool) bool {
	unmarked := slices.DeleteFunc(slices.Clone(assignments), func(assignment string) bool {
		policy, _, _ := strings.Cut(assignment, "=")
		return seen[policy]
	})
	for _, assignment := range unmarked {
		fmt.Fprintf(os.Stderr, "no line is marked for %s\n", assignment)
	}
	return len(unmarked) == 0
}
