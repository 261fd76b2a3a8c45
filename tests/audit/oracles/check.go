// Reads cases as JSON and tells, for each, whether Go's own transparency log code accepts it.
// Built offline against Debian's golang-golang-x-mod-dev.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type cases struct {
	Vkey  string
	Notes []string
	// Inclusion: entry Index of a tree of Size leads by Path to Root.
	Inclusions []struct {
		Entry, Root string
		Index, Size int64
		Path        []string
	}
	// Consistency: the tree of Old entries is the start of that of New.
	Consistencies []struct {
		OldRoot, NewRoot string
		Old, New         int64
		Path             []string
	}
}

func bytes(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func hash(text string) (found tlog.Hash) {
	copy(found[:], bytes(text))
	return found
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

func main() {
	var asked cases
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(asked.Vkey)
	if err != nil {
		panic(err)
	}
	told := []bool{}
	for _, text := range asked.Notes {
		_, err := note.Open(bytes(text), note.VerifierList(verifier))
		told = append(told, err == nil)
	}
	for _, one := range asked.Inclusions {
		leaf := tlog.RecordHash(bytes(one.Entry))
		err := tlog.CheckRecord(hashes(one.Path), one.Size, hash(one.Root), one.Index, leaf)
		told = append(told, err == nil)
	}
	for _, one := range asked.Consistencies {
		err := tlog.CheckTree(hashes(one.Path), one.New, hash(one.NewRoot), one.Old, hash(one.OldRoot))
		told = append(told, err == nil)
	}
	answer, _ := json.Marshal(told)
	fmt.Println(string(answer))
}
