package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// check prints one line a file, and is true when every file equals its own rewriting.
func check(files []string) (bool, error) {
	clean := true
	for _, file := range files {
		before, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		after, err := rewrite(before)
		if err != nil {
			return false, fmt.Errorf("%s: %w", file, err)
		}
		if bytes.Equal(before, after) {
			fmt.Printf("same     %s\n", file)
			continue
		}
		clean = false
		fmt.Printf("changes  %s\n%s", file, firstDifference(string(before), string(after)))
	}
	return clean, nil
}

// firstDifference shows the first line that two texts do not share; bytes are quoted, so that a missing
// final newline or a carriage return can be seen.
func firstDifference(before, after string) string {
	old, new := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	for i := range max(len(old), len(new)) {
		if a, b := line(old, i), line(new, i); a != b {
			return fmt.Sprintf("  line %d is      %s\n  Flux would put %s\n", i+1, a, b)
		}
	}
	return ""
}

// line quotes line i of a text, or says that it ended before.
func line(lines []string, i int) string {
	if i >= len(lines) || lines[i] == "" {
		return "(end of file)"
	}
	return fmt.Sprintf("%q", lines[i])
}
