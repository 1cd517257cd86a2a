package list

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"example.com/shop/list/track"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

const signup = "user_" + "signup"

type address struct {
	City string `json:"city"`
	Zip  *int   `json:"zip,omitempty"`
	note string
}

type user struct{ id, plan string }

func (u user) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", u.id), slog.String("plan", u.plan))
}

type level int

func (level) String() string { return "high" }

type service struct {
	log    *slog.Logger
	t      *track.Tracker
	sender interface {
		Track(ctx context.Context, name string, attrs ...slog.Attr)
	}
}

func newService(client *causality.Client) *service {
	l := slog.New(slogcausality.NewHandler(client)).With("app", "shop")
	t := track.New(l)
	return &service{log: l, t: t, sender: t}
}

func (s *service) log1(ctx context.Context, vip bool, name string, cents int, err error, any1 any) {
	s.log.Info("a", "event", "plain", "vip", vip, "name", name)                                        //= plain app=string vip=bool name=string
	s.log.InfoContext(ctx, "a", slog.String("event", causality.EventPurchaseComplete), "cents", cents) //= purchase_complete app=string cents=int
	s.log.Debug("a", "event", "below_the_level")
	s.log.Log(ctx, slog.LevelDebug, "a", "event", "below_the_level")
	s.log.Log(ctx, slog.LevelWarn, "a", "event", "above_it") //= above_it app=string
	s.log.Info("a", "event", 5)
	s.log.Info("a", "k", "event")
	s.log.Info("a", slog.Group("g", "event", "not_at_the_top"))
	s.log.Info("a", slog.Group("", "event", "inline", "n", 1))                                                        //= inline app=string n=int
	s.log.Info("a", "otel.event.name", "otel", "n", 1)                                                                //= otel app=string n=int
	s.log.Info("a", "event", signup, "user_id", name)                                                                 //= user_signup app=string @user_id
	s.log.Info("a", "event", name)                                                                                    //? name
	s.log.Info("a", slogcausality.Event("group_form", slog.Int("n", 1), slog.String("session_id", name)), "other", 1) //= group_form n=int @session_id
	s.log.Info("a", slog.Group("event", "event_type", "by_hand", "n", 1, "event_id", "x"), "other", 1)                //= by_hand n=int
	s.log.Info("a", "event", "odd", "key")                                                                            //= odd app=string !BADKEY=string

	l := s.log.WithGroup("req").With(slog.Int("n", 1))
	l.Info("a", "event", "in_a_group", slog.Group("http", "status.code", 200, slog.Duration("took", time.Second))) //= in_a_group app=string req_n=int req_http_status_code=int req_http_took=float
	bound := s.log.With("event", "bound", "n", 1)
	bound.Info("a")            //= bound app=string n=int
	bound.Warn("a", "more", 1) //= bound app=string n=int more=int

	attrs := []slog.Attr{slog.String("event", "grows")}
	if vip {
		attrs = append(attrs, slog.Int("rank", 3))
	} else {
		attrs = append(attrs, slog.String("rank", "none"))
	}
	if cents > 0 {
		attrs = append(attrs, slog.Int("cents", cents))
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "a", attrs...) //= grows app=string rank=string|int cents?=int

	which := "either"
	if vip {
		which = "or"
	}
	s.log.Info("a", "event", which, "n", 1) //= either app=string n=int //= or app=string n=int

	s.log.Info("a", "event", "values", "err", err, "sentinel", errors.New("x"), "list", []string{"x"}, "any", any1, "at", time.Now(), "took", time.Since(time.Now()), "level", level(1), "bytes", []byte("x"), "nothing", nil) //= values app=string err?=string sentinel=string list=string any?= at=string took=float level=string bytes=string //? any
	s.log.Info("a", "event", "structs", "address", address{}, "user", user{}, "map", map[string]int{"n": 1})                                                                                                                   //= structs app=string address_city=string address_zip?=int user_id=string user_plan=string map_n=int

	info := s.log.Info
	info("a", "event", "method_value", "n", 1) //= method_value app=string n=int
	logEvent := func(name string, v any) { s.log.Info("a", "event", name, "v", v) }
	logEvent("in_a_closure", 1)   //= in_a_closure app=string v=int
	logEvent("in_a_closure", "x") //= in_a_closure app=string v=string
	for range 3 {
		s.log.Info("a", "event", "in_a_loop") //= in_a_loop app=string
	}
	defer s.log.Info("a", "event", "deferred")    //= deferred app=string
	go s.log.Info("a", "event", "on_a_goroutine") //= on_a_goroutine app=string

	s.t.Track(ctx, "helped", slog.Int("n", 1))                               //= shop_helped app=string component=string n=int
	s.t.Map("mapped", map[string]any{"n": 1, "level": level(3)})             //= mapped app=string component=string n=int level=string
	s.t.Args("listed", slog.Int("n", 1), slog.Bool("b", vip))                //= listed app=string component=string n=int b=bool
	s.sender.Track(ctx, "through_an_interface", slog.Time("at", time.Now())) //= shop_through_an_interface app=string component=string at=string
	s.t.Logger().Info("a", "event", "its_logger")                            //= its_logger app=string component=string
	s.t.Track(ctx, name)                                                     //? name
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "a", 0)
	r.Add("event", "a_record", "n", 1)
	_ = s.log.Handler().Handle(ctx, r) //= a_record app=string n=int
}

func tracked(client *causality.Client, name string, vip bool) {
	client.Track(causality.Event{EventType: "tracked", Properties: map[string]any{"n": 1, "in": map[string]any{"b": "x"}}, Attrs: []slog.Attr{slog.Bool("c", vip)}, UserID: name}) //= tracked n=int in_b=string c=bool @user_id
	props := map[string]any{"a": 1}
	if vip {
		props["b"] = "x"
	}
	e := causality.Event{EventType: "tracked_later"}
	e.Properties = props
	client.TrackContext(context.Background(), e) //= tracked_later a=int b?=string
	trackAll(client, "tracked_for", props)       //= tracked_for a=int b?=string
}

func trackAll(client *causality.Client, name string, props map[string]any) {
	client.Track(causality.Event{EventType: name, Properties: props})
}
