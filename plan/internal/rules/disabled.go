package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Disabled are the names of rules that are not applied. As a flag it is a list with
// commas.
type Disabled []string

// String implements flag.Value.
func (d *Disabled) String() string { return strings.Join(*d, ",") }

// Set implements flag.Value.
func (d *Disabled) Set(list string) error {
	var names []string
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("there is no rule %s; the rules are %s", name, strings.Join(Names(), ", "))
		}
		names = append(names, name)
	}
	*d = names
	return nil
}

// Names are the names of the rules.
func Names() []string {
	names := make([]string, len(Rules))
	for i, r := range Rules {
		names[i] = r.Name
	}
	return names
}
