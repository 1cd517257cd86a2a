package live

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// describe says what a refused request was about: how many events it had, of
// which apps and names. Its events need not be what the gateway takes, but they
// must be JSON.
func (r *Record) describe(body []byte, events []json.RawMessage) {
	r.Events = max(len(events), gateway.SizeOfJSON(body).Events)
	note := func(list *[]string, value string) {
		value = cut(value, maxBriefText)
		if value != "" && !slices.Contains(*list, value) && len(*list) < maxNames {
			*list = append(*list, value)
		}
	}
	for _, event := range events {
		for _, m := range members(event) {
			switch m.name {
			case "app_id", "appId":
				note(&r.Apps, m.text())
			case "event_type", "eventType": // of an event in the flat form
				note(&r.Names, m.text())
			case "custom_event", "customEvent":
				for _, inner := range members(m.raw) {
					if inner.name == "event_name" || inner.name == "eventName" {
						note(&r.Names, inner.text())
					}
				}
			default:
				note(&r.Names, gateway.PayloadField(m.name))
			}
		}
	}
}

// text is a member that is a string, else empty.
func (m member) text() string {
	var text string
	if !strings.HasPrefix(string(m.raw[:min(1, len(m.raw))]), `"`) || json.Unmarshal(m.raw, &text) != nil {
		return ""
	}
	return text
}
