package causality

// The names that the platform's catalogue gives to common events. Used as
// Event.EventType, a typo does not compile. Any other name is a custom event.
//
// By default they are custom events too; with Config.TypedPayloads they are sent
// as the payload that the catalogue has for them.
const (
	EventUserLogin         = "user_login"
	EventUserLogout        = "user_logout"
	EventUserSignup        = "user_signup"
	EventUserProfileUpdate = "user_profile_update"
	EventScreenView        = "screen_view"
	EventScreenExit        = "screen_exit"
	EventButtonTap         = "button_tap"
	EventSwipeGesture      = "swipe_gesture"
	EventScrollEvent       = "scroll_event"
	EventTextInput         = "text_input"
	EventLongPress         = "long_press"
	EventDoubleTap         = "double_tap"
	EventProductView       = "product_view"
	EventAddToCart         = "add_to_cart"
	EventRemoveFromCart    = "remove_from_cart"
	EventCheckoutStart     = "checkout_start"
	EventCheckoutStep      = "checkout_step"
	EventPurchaseComplete  = "purchase_complete"
	EventPurchaseFailed    = "purchase_failed"
	EventAppStart          = "app_start"
	EventAppBackground     = "app_background"
	EventAppForeground     = "app_foreground"
	EventAppCrash          = "app_crash"
	EventNetworkChange     = "network_change"
	EventPermissionRequest = "permission_request"
	EventPermissionResult  = "permission_result"
	EventMemoryWarning     = "memory_warning"
	EventBatteryChange     = "battery_change"
)

// fieldKind is the kind of a payload's field, as the gateway's message states it.
type fieldKind uint8

const (
	textField fieldKind = iota
	int32Field
	int64Field
	floatField // 32 bits
	boolField
	enumField
	messageField
	textListField
	messageListField
	textMapField
)

// field is one field of a payload.
type field struct {
	name     string
	kind     fieldKind
	required bool    // gateway: empty, it refuses the whole request
	enum     *enum   // of an enumField
	fields   []field // of a messageField or messageListField
}

// enum is the names of a protobuf enum, whose numbers count from 0.
type enum struct {
	prefix string
	names  []string
}

func text(name string) field   { return field{name: name} }
func needed(name string) field { return field{name: name, required: true} }
func i32(name string) field    { return field{name: name, kind: int32Field} }
func i64(name string) field    { return field{name: name, kind: int64Field} }
func flag(name string) field   { return field{name: name, kind: boolField} }
func point(name string) field {
	return field{name: name, kind: messageField, fields: []field{{name: "x", kind: floatField}, {name: "y", kind: floatField}}}
}
func oneOf(name, prefix string, names ...string) field {
	return field{name: name, kind: enumField, enum: &enum{prefix, append([]string{"UNSPECIFIED"}, names...)}}
}

var networkTypes = []string{"WIFI", "CELLULAR_2G", "CELLULAR_3G", "CELLULAR_4G", "CELLULAR_5G", "ETHERNET", "OFFLINE"}

// catalogue is the payloads that the gateway's EventEnvelope knows beside
// custom_event, which takes everything else. It states what the gateway's
// message states, field by field in its order.
var catalogue = map[string][]field{
	EventUserLogin:         {text("user_id"), text("method"), flag("is_new_user")},
	EventUserLogout:        {text("user_id"), text("reason")},
	EventUserSignup:        {text("user_id"), text("method"), text("referral_source")},
	EventUserProfileUpdate: {text("user_id"), {name: "fields_updated", kind: textListField}},

	EventScreenView:   {needed("screen_name"), text("screen_class"), text("previous_screen"), {name: "params", kind: textMapField}},
	EventScreenExit:   {needed("screen_name"), i64("duration_ms"), text("next_screen")},
	EventButtonTap:    {needed("button_id"), text("button_text"), text("screen_name"), point("coordinates")},
	EventSwipeGesture: {oneOf("direction", "SWIPE_DIRECTION_", "LEFT", "RIGHT", "UP", "DOWN"), text("screen_name"), point("start"), point("end"), i64("duration_ms")},
	EventScrollEvent:  {text("screen_name"), text("container_id"), i32("scroll_depth_percent"), oneOf("direction", "SCROLL_DIRECTION_", "UP", "DOWN")},
	EventTextInput:    {needed("field_id"), text("field_type"), text("screen_name"), i32("text_length"), i64("input_duration_ms")},
	EventLongPress:    {text("element_id"), text("screen_name"), point("coordinates"), i64("duration_ms")},
	EventDoubleTap:    {text("element_id"), text("screen_name"), point("coordinates")},

	EventProductView:    {needed("product_id"), text("product_name"), text("category"), i64("price_cents"), text("currency"), text("source")},
	EventAddToCart:      {needed("product_id"), text("product_name"), i32("quantity"), i64("price_cents"), text("currency"), text("cart_id")},
	EventRemoveFromCart: {needed("product_id"), i32("quantity"), text("cart_id"), text("reason")},
	EventCheckoutStart:  {text("cart_id"), i32("item_count"), i64("total_cents"), text("currency")},
	EventCheckoutStep:   {text("cart_id"), i32("step_number"), text("step_name"), i64("step_duration_ms")},
	EventPurchaseComplete: {needed("order_id"), text("cart_id"), i32("item_count"), i64("total_cents"), text("currency"), text("payment_method"),
		{name: "items", kind: messageListField, fields: []field{text("product_id"), text("product_name"), i32("quantity"), i64("price_cents")}}},
	EventPurchaseFailed: {text("cart_id"), text("error_code"), text("error_message"), text("payment_method"), i32("checkout_step")},

	EventAppStart:          {flag("is_cold_start"), i64("launch_duration_ms"), text("launch_source"), text("deeplink_url")},
	EventAppBackground:     {i64("foreground_duration_ms"), text("current_screen")},
	EventAppForeground:     {i64("background_duration_ms"), text("resume_screen")},
	EventAppCrash:          {text("crash_type"), text("crash_message"), text("stack_trace"), text("current_screen")},
	EventNetworkChange:     {oneOf("previous_type", "NETWORK_TYPE_", networkTypes...), oneOf("current_type", "NETWORK_TYPE_", networkTypes...)},
	EventPermissionRequest: {text("permission_type"), text("trigger_screen")},
	EventPermissionResult:  {text("permission_type"), oneOf("status", "PERMISSION_STATUS_", "GRANTED", "DENIED", "DENIED_PERMANENTLY")},
	EventMemoryWarning:     {i64("available_memory_bytes"), i64("used_memory_bytes"), oneOf("level", "MEMORY_WARNING_LEVEL_", "LOW", "CRITICAL")},
	EventBatteryChange:     {i32("battery_level"), oneOf("state", "BATTERY_STATE_", "CHARGING", "DISCHARGING", "FULL")},
}
