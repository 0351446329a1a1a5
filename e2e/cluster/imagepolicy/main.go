// Imagepolicy selects a tag as Flux's image-reflector-controller does: it reads an ImagePolicy's spec (JSON)
// and the tags of a repository (a line each), filters and extracts with Go's regexp, and orders with Masterminds' semver, as
// floating-point numbers, or by the alphabet. The controller itself cannot be built from its published modules;
// these are the libraries that it uses.
//
//	imagepolicy SPEC.json TAGS        prints the selected tag
//
// Exit codes: 0 a tag was selected, 1 no tag matches the policy, 2 could not run.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

type spec struct {
	FilterTags *struct {
		Pattern string `json:"pattern"`
		Extract string `json:"extract"`
	} `json:"filterTags"`
	Policy struct {
		SemVer *struct {
			Range string `json:"range"`
		} `json:"semver"`
		Numerical    *order `json:"numerical"`
		Alphabetical *order `json:"alphabetical"`
	} `json:"policy"`
}

// order is "asc", which selects the last and is the default, or "desc".
type order struct {
	Order string `json:"order"`
}

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: imagepolicy SPEC.json TAGS"))
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	tags, err := os.ReadFile(os.Args[2])
	if err != nil {
		fail(err)
	}
	tag, err := selectTag(text, strings.Fields(string(tags)))
	if err != nil {
		fail(err)
	}
	if tag == "" {
		fmt.Fprintln(os.Stderr, "no tag matches the policy")
		os.Exit(1)
	}
	fmt.Println(tag)
}

// selectTag gives the tag that the policy prefers, "" when there is none.
func selectTag(policy []byte, tags []string) (string, error) {
	var s spec
	if err := json.Unmarshal(policy, &s); err != nil {
		return "", err
	}
	tagOf, err := extract(s, tags)
	if err != nil {
		return "", err
	}
	texts := slices.Sorted(maps.Keys(tagOf))
	switch {
	case s.Policy.SemVer != nil:
		texts, err = byVersion(texts, s.Policy.SemVer.Range)
	case s.Policy.Numerical != nil:
		texts, err = byNumber(texts, s.Policy.Numerical.Order)
	case s.Policy.Alphabetical != nil:
		texts = directed(texts, s.Policy.Alphabetical.Order)
	default:
		err = errors.New("the policy has no known kind")
	}
	if err != nil || len(texts) == 0 {
		return "", err
	}
	return tagOf[texts[len(texts)-1]], nil
}

// byVersion orders what is a version in the range.
func byVersion(texts []string, versionRange string) ([]string, error) {
	within, err := semver.NewConstraint(versionRange)
	if err != nil {
		return nil, fmt.Errorf("range %q: %w", versionRange, err)
	}
	var versions []*semver.Version
	for _, text := range texts {
		if version, err := semver.NewVersion(text); err == nil && within.Check(version) {
			versions = append(versions, version)
		}
	}
	slices.SortStableFunc(versions, func(a, b *semver.Version) int { return a.Compare(b) })
	var sorted []string
	for _, version := range versions {
		sorted = append(sorted, version.Original())
	}
	return sorted, nil
}

// byNumber orders by value; one text that is no number fails the policy, as upstream.
func byNumber(texts []string, direction string) ([]string, error) {
	value := map[string]float64{}
	for _, text := range texts {
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		value[text] = number
	}
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(value[a], value[b]) })
	return directed(texts, direction), nil
}

func directed(texts []string, direction string) []string {
	if direction == "desc" {
		slices.Reverse(texts)
	}
	return texts
}

// extract maps what the filter extracts from a tag to that tag; tags that do not match are left out.
func extract(s spec, tags []string) (map[string]string, error) {
	tagOf := map[string]string{}
	if s.FilterTags == nil {
		for _, tag := range tags {
			tagOf[tag] = tag
		}
		return tagOf, nil
	}
	pattern, err := regexp.Compile(s.FilterTags.Pattern)
	if err != nil {
		return nil, err
	}
	for _, tag := range tags {
		match := pattern.FindStringSubmatchIndex(tag)
		if match == nil {
			continue
		}
		text := tag
		if s.FilterTags.Extract != "" {
			text = string(pattern.ExpandString(nil, s.FilterTags.Extract, tag, match))
		}
		tagOf[text] = tag
	}
	return tagOf, nil
}

func fail(why error) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}
