package causality

// The names that the platform's catalogue gives to common events. Used as
// Event.EventType, a typo does not compile. Any other name is a custom event.
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
