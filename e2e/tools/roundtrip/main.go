// Roundtrip does to files what Flux's image automation does to them, with the same library (kyaml) and the
// same settings, and without a cluster.
//
// Flux's automation does not edit the marked line: it parses the file, sets the value and writes the whole
// file anew. A file that is not a fixed point of that rewriting gets an unrelated diff with its first bump.
//
//	roundtrip check FILE…                        does each file equal its own rewriting?
//	roundtrip set DIR NAMESPACE:POLICY=IMAGE…    bump every marked line below DIR, as one commit of Flux would
//
// Exit codes: 0 clean, 1 found something (a file that would change, a policy that marks no line),
// 2 could not run.
package main

import (
	"fmt"
	"os"
)

const usage = "usage: roundtrip check FILE…\n       roundtrip set DIR NAMESPACE:POLICY=IMAGE…"

func main() {
	if len(os.Args) < 3 {
		fail(usage)
	}
	clean := false
	var err error
	switch command, args := os.Args[1], os.Args[2:]; command {
	case "check":
		clean, err = check(args)
	case "set":
		clean, err = set(args[0], args[1:])
	default:
		fail(usage)
	}
	if err != nil {
		fail(err)
	}
	if !clean {
		os.Exit(1)
	}
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}
