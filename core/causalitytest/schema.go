package causalitytest

import "strings"

// The messages that the gateway's protojson knows. A field that is not listed
// here refuses the whole body, so this table is the contract.

// request is the body of POST /v1/events/batch.
var request = define("IngestEventBatchRequest",
	many(nested("events", envelope)),
)

var envelope = define("EventEnvelope",
	text("id"),
	required("app_id"),
	required("device_id"),
	integer("timestamp_ms"),
	text("correlation_id"),
	nested("device_context", deviceContext),
	text("idempotency_key"),
	// oneof payload: exactly one of these.
	payload("user_login", text("user_id"), text("method"), boolean("is_new_user")),
	payload("user_logout", text("user_id"), text("reason")),
	payload("user_signup", text("user_id"), text("method"), text("referral_source")),
	payload("user_profile_update", text("user_id"), many(text("fields_updated"))),
	payload("screen_view", required("screen_name"), text("screen_class"), text("previous_screen"), mapped(text("params"))),
	payload("screen_exit", required("screen_name"), integer("duration_ms"), text("next_screen")),
	payload("button_tap", required("button_id"), text("button_text"), text("screen_name"), nested("coordinates", point)),
	payload("swipe_gesture", enum("direction", swipeDirections), text("screen_name"), nested("start", point), nested("end", point), integer("duration_ms")),
	payload("scroll_event", text("screen_name"), text("container_id"), small("scroll_depth_percent"), enum("direction", scrollDirections)),
	payload("text_input", required("field_id"), text("field_type"), text("screen_name"), small("text_length"), integer("input_duration_ms")),
	payload("long_press", text("element_id"), text("screen_name"), nested("coordinates", point), integer("duration_ms")),
	payload("double_tap", text("element_id"), text("screen_name"), nested("coordinates", point)),
	payload("product_view", required("product_id"), text("product_name"), text("category"), integer("price_cents"), text("currency"), text("source")),
	payload("add_to_cart", required("product_id"), text("product_name"), small("quantity"), integer("price_cents"), text("currency"), text("cart_id")),
	payload("remove_from_cart", required("product_id"), small("quantity"), text("cart_id"), text("reason")),
	payload("checkout_start", text("cart_id"), small("item_count"), integer("total_cents"), text("currency")),
	payload("checkout_step", text("cart_id"), small("step_number"), text("step_name"), integer("step_duration_ms")),
	payload("purchase_complete", required("order_id"), text("cart_id"), small("item_count"), integer("total_cents"), text("currency"), text("payment_method"), many(nested("items", purchaseItem))),
	payload("purchase_failed", text("cart_id"), text("error_code"), text("error_message"), text("payment_method"), small("checkout_step")),
	payload("app_start", boolean("is_cold_start"), integer("launch_duration_ms"), text("launch_source"), text("deeplink_url")),
	payload("app_background", integer("foreground_duration_ms"), text("current_screen")),
	payload("app_foreground", integer("background_duration_ms"), text("resume_screen")),
	payload("app_crash", text("crash_type"), text("crash_message"), text("stack_trace"), text("current_screen")),
	payload("network_change", enum("previous_type", networkTypes), enum("current_type", networkTypes)),
	payload("permission_request", text("permission_type"), text("trigger_screen")),
	payload("permission_result", text("permission_type"), enum("status", permissionStatuses)),
	payload("memory_warning", integer("available_memory_bytes"), integer("used_memory_bytes"), enum("level", memoryLevels)),
	payload("battery_change", small("battery_level"), enum("state", batteryStates)),
	payload("custom_event", required("event_name"), mapped(text("string_params")), mapped(integer("int_params")), mapped(float("float_params")), mapped(boolean("bool_params"))),
)

var deviceContext = define("DeviceContext",
	enum("platform", platforms),
	text("os_version"), text("app_version"), text("build_number"),
	text("device_model"), text("manufacturer"),
	small("screen_width"), small("screen_height"),
	text("locale"), text("timezone"),
	enum("network_type", networkTypes), text("carrier"),
	boolean("is_jailbroken"), boolean("is_emulator"),
	text("sdk_version"),
)

// gateway: coordinates are 32-bit floats: 1e39 is refused.
var point = define("Coordinates", float32Field("x"), float32Field("y"))

var purchaseItem = define("PurchaseItem",
	text("product_id"), text("product_name"), small("quantity"), integer("price_cents"),
)

var (
	platforms          = values("PLATFORM_", "UNSPECIFIED", "IOS", "ANDROID", "WEB")
	networkTypes       = values("NETWORK_TYPE_", "UNSPECIFIED", "WIFI", "CELLULAR_2G", "CELLULAR_3G", "CELLULAR_4G", "CELLULAR_5G", "ETHERNET", "OFFLINE")
	swipeDirections    = values("SWIPE_DIRECTION_", "UNSPECIFIED", "LEFT", "RIGHT", "UP", "DOWN")
	scrollDirections   = values("SCROLL_DIRECTION_", "UNSPECIFIED", "UP", "DOWN")
	permissionStatuses = values("PERMISSION_STATUS_", "UNSPECIFIED", "GRANTED", "DENIED", "DENIED_PERMANENTLY")
	memoryLevels       = values("MEMORY_WARNING_LEVEL_", "UNSPECIFIED", "LOW", "CRITICAL")
	batteryStates      = values("BATTERY_STATE_", "UNSPECIFIED", "CHARGING", "DISCHARGING", "FULL")
)

// message is one kind of JSON object.
type message struct {
	name   string
	fields []*field
	// gateway: a field goes by its snake_case or its camelCase name, and the
	// two count as one.
	byName map[string]*field
	// required is the field that may not be empty; the envelope has two, which
	// validate knows.
	required *field
}

type field struct {
	name, jsonName string
	kind           kind
	shape          shape
	required       bool     // a string of at least one character
	payload        bool     // a member of the oneof
	message        *message // of messageKind
	enum           []string // of enumKind: the names in the order of their numbers
	position       int      // in message.fields
}

// kind is the type of a field's value, or of its elements.
type kind uint8

const (
	stringKind kind = iota
	boolKind
	int32Kind
	int64Kind
	floatKind
	doubleKind
	enumKind
	messageKind
)

// String is the name that protojson's errors use.
func (k kind) String() string {
	return [...]string{"string", "bool", "int32", "int64", "float", "double", "enum", "message"}[k]
}

// shape is how often a field's value stands.
type shape uint8

const (
	single shape = iota
	list
	dict
)

func define(name string, fields ...*field) *message {
	m := &message{name: name, fields: fields, byName: make(map[string]*field, 2*len(fields))}
	for i, f := range fields {
		f.position = i
		m.byName[f.name], m.byName[f.jsonName] = f, f
		if f.required {
			m.required = f
		}
	}
	return m
}

func newField(name string, k kind) *field {
	return &field{name: name, jsonName: camelCase(name), kind: k}
}

func text(name string) *field         { return newField(name, stringKind) }
func boolean(name string) *field      { return newField(name, boolKind) }
func small(name string) *field        { return newField(name, int32Kind) }
func integer(name string) *field      { return newField(name, int64Kind) }
func float32Field(name string) *field { return newField(name, floatKind) }
func float(name string) *field        { return newField(name, doubleKind) }

func required(name string) *field {
	f := text(name)
	f.required = true
	return f
}

func enum(name string, names []string) *field {
	f := newField(name, enumKind)
	f.enum = names
	return f
}

func nested(name string, m *message) *field {
	f := newField(name, messageKind)
	f.message = m
	return f
}

func payload(name string, fields ...*field) *field {
	f := nested(name, define(name, fields...))
	f.payload = true
	return f
}

func many(f *field) *field {
	f.shape = list
	return f
}

func mapped(f *field) *field {
	f.shape = dict
	return f
}

func values(prefix string, names ...string) []string {
	for i, name := range names {
		names[i] = prefix + name
	}
	return names
}

// camelCase is protobuf's JSON name for a field: an underscore goes, and the
// letter after it becomes a capital.
func camelCase(name string) string {
	var b strings.Builder
	up := false
	for _, c := range []byte(name) {
		switch {
		case c == '_':
			up = true
		case up && 'a' <= c && c <= 'z':
			b.WriteByte(c - 'a' + 'A')
			up = false
		default:
			b.WriteByte(c)
			up = false
		}
	}
	return b.String()
}
