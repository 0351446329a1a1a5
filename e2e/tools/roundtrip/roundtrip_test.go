package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRewriteKeepsOurStyleOnly(t *testing.T) {
	cases := []struct{ name, before, after string }{
		{"what synth writes", "# generated, edit app/\na: 1\nb:\n  - c: d # why\n", ""},
		{"leading document marker", "---\na: 1\n", "a: 1\n"},
		{"blank line between keys", "a: 1\n\nb: 2\n", "a: 1\nb: 2\n"},
		{"missing final newline", "a: 1", "a: 1\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.after == "" {
				c.after = c.before
			}
			got, err := rewrite([]byte(c.before))
			if err != nil || string(got) != c.after {
				t.Fatalf("got %q, %v; want %q", got, err, c.after)
			}
		})
	}
}

func TestFirstDifferenceSeesTheFinalNewline(t *testing.T) {
	want := "  line 2 is      \"b\"\n  Flux would put \"b\\n\"\n"
	if got := firstDifference("a\nb", "a\nb\n"); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestSetBumpsMarkedLinesAndNothingElse(t *testing.T) {
	const marker = ` # {"$imagepolicy": "example:never"}`
	const tagMarker = ` # {"$imagepolicy": "example:never:tag"}`
	files := map[string]struct{ before, after string }{
		"image.yaml": {
			"image: r.test:5000/a:1" + marker + "\n",
			"image: r.test:5000/a:2@sha256:0f" + marker + "\n"},
		"quoted.yml": {"image: \"a:1\"" + marker + "\n", "image: \"r.test:5000/a:2@sha256:0f\"" + marker + "\n"},
		"tag.yaml":   {"tag: v1" + tagMarker + "\n", "tag: \"2\"" + tagMarker + "\n"},
		"other.yaml": {"image: b:1 # {\"$imagepolicy\": \"example:other\"}\n\nx: 1\n", ""},
		"words.yaml": {"image: b:1" + marker + " please\n\nx: 1\n", ""},
		"image.txt":  {"image: a:1" + marker + "\n", ""},
	}
	root := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text.before), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	clean, err := set(root, []string{"example:never=r.test:5000/a:2@sha256:0f"})
	if err != nil || !clean {
		t.Fatalf("set: %v, %v", clean, err)
	}
	for name, text := range files {
		want := text.after
		if want == "" {
			want = text.before
		}
		if got, _ := os.ReadFile(filepath.Join(root, name)); string(got) != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSetReportsAPolicyWithoutALine(t *testing.T) {
	if clean, err := set(t.TempDir(), []string{"example:never=a:2"}); err != nil || clean {
		t.Fatalf("got %v, %v; want an unclean result", clean, err)
	}
}

func TestSetRefusesAnImageWithoutTag(t *testing.T) {
	if _, err := set(t.TempDir(), []string{"example:never=r.test:5000/a@sha256:0f"}); err == nil {
		t.Fatal("accepted")
	}
}
