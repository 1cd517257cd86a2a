package catalogue_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

func TestPayloadOf_KnowsEveryPayloadButTheCustomEvent(t *testing.T) {
	kinds := 0
	for _, f := range catalogue.Envelope.Fields {
		want := f.Message
		switch {
		case !f.Payload || f.Name == "custom_event":
			want = nil
		default:
			kinds++
		}
		if got := catalogue.PayloadOf(f.Name); got != want {
			t.Errorf("PayloadOf(%q) is %v, want %v", f.Name, got, want)
		}
	}
	if kinds != 28 {
		t.Errorf("%d kinds, want 28", kinds)
	}
}

// What core takes for granted of a payload when it encodes one.
func TestThePayloadsHaveTheShapeThatCoreEncodes(t *testing.T) {
	for _, f := range catalogue.Envelope.Fields {
		if f.Payload && f.Name != "custom_event" {
			checkMessage(t, f.Name, f.Message, true)
		}
	}
}

var (
	fieldName = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	enumName  = regexp.MustCompile(`^[0-9A-Z]+(_[0-9A-Z]+)*$`)
)

func checkMessage(t *testing.T, at string, m *catalogue.Message, isPayload bool) {
	for i, f := range m.Fields {
		at := at + "." + f.Name
		if !fieldName.MatchString(f.Name) || slices.ContainsFunc(m.Fields[:i], func(other catalogue.Field) bool { return other.Name == f.Name }) {
			t.Errorf("%s is no name, or is there twice", at)
		}
		if f.Name == "user_id" && (i != 0 || !isPayload || f.Kind != catalogue.StringKind) {
			t.Errorf("%s must be a string and the first field, which is where the UserID is placed", at)
		}
		if f.Required && (f.Kind != catalogue.StringKind || f.Form != catalogue.Single || !isPayload) {
			t.Errorf("%s: only a string of the payload itself can be required", at)
		}
		if (f.Kind == catalogue.MessageKind) != (f.Message != nil) || (f.Kind == catalogue.EnumKind) != (f.Enum != nil) {
			t.Errorf("%s has the parts of another kind", at)
		}
		if !isPayload && (f.Message != nil || f.Form != catalogue.Single) {
			t.Errorf("%s: a message has plain fields alone", at)
		}
		if f.Form == catalogue.Map && f.Kind != catalogue.StringKind || f.Form == catalogue.List && f.Kind != catalogue.StringKind && f.Kind != catalogue.MessageKind {
			t.Errorf("%s: core knows no such list or map", at)
		}
		if f.Message != nil {
			checkMessage(t, at, f.Message, false)
		}
		// What a message's or map's members flatten to must be no other field.
		for _, other := range m.Fields {
			if (f.Form == catalogue.Map || f.Message != nil && f.Form == catalogue.Single) && strings.HasPrefix(other.Name, f.Name+"_") {
				t.Errorf("%s could be a part of %s", other.Name, at)
			}
		}
		if f.Enum == nil {
			continue
		}
		for i, name := range f.Enum.Names {
			short, ok := strings.CutPrefix(name, f.Enum.Prefix)
			if !ok || !enumName.MatchString(short) || slices.Contains(f.Enum.Names[:i], name) || (i == 0) != (short == "UNSPECIFIED") {
				t.Errorf("%s has a value %q", at, name)
			}
		}
	}
}
