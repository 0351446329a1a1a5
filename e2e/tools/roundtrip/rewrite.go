package main

import (
	"bytes"
	"os"
	"path/filepath"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// parse reads the documents of a file as Flux's image automation does: PreserveSeqIndent keeps the indent
// of lists, the path annotation tells the writer where each document belongs and is dropped by it.
func parse(text []byte, path string) ([]*yaml.RNode, error) {
	reader := kio.ByteReader{
		Reader:            bytes.NewReader(text),
		SetAnnotations:    map[string]string{kioutil.PathAnnotation: path},
		PreserveSeqIndent: true,
	}
	return reader.Read()
}

// write puts documents into the files below folder that they were parsed from.
func write(folder string, documents []*yaml.RNode) error {
	return kio.LocalPackageWriter{PackagePath: folder}.Write(documents)
}

// rewrite returns text as it is after it was parsed and written, nothing set.
func rewrite(text []byte) ([]byte, error) {
	const name = "file.yaml"
	documents, err := parse(text, name)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "roundtrip-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := write(folder, documents); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, name))
}
