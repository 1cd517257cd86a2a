package list

import (
	"context"
	"errors"
	"os"
	"time"

	"example.com/shop/list/track"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
	"github.com/rs/zerolog"
)

func (u user) MarshalZerologObject(e *zerolog.Event) { e.Str("id", u.id).Dur("age", time.Second) }

func zerologLines(client *causality.Client, name string, vip bool, price float64) {
	zl := zerolog.New(os.Stdout).With().Timestamp().Str("svc", "x").Logger().Hook(zerologcausality.NewHook(client))
	e := zl.Info().Str("event", "chain")
	if vip {
		e = e.Int("rank", 1)
	}
	track.Add(e)
	e.Dict("d", zerolog.Dict().Str("a", "b").Float64("whole", 2).Float64("price", price)).Msg("x")                                                //= chain svc=string rank?=int added=bool d_a=string d_whole=int d_price=float
	track.Common(track.Zerolog(zl, "zerolog_helped"), name).Interface("address", address{}).Object("u", user{}).Send()                            //= zerolog_helped svc=string plan=string n=int address_city=string address_zip?=int u_id=string u_age=int
	zl.Info().Str("event", "fields").Fields(map[string]any{"a": 1, "b": vip}).Fields([]any{"c", 1.5}).Dur("took", time.Since(time.Now())).Msg("") //= fields svc=string a=int b=bool c=float took=float
	sub := zl.With().Int("bound", 1).Logger()
	sub.Info().Object("event", zerologcausality.Event("zerolog_group", func(e *zerolog.Event) { e.Str("order", name).Bool("vip", vip) })).Int("other", 1).Msg("") //= zerolog_group order=string vip=bool
	sub.Warn().Str("event", "with_bound").Err(errors.New("x")).Func(func(e *zerolog.Event) { e.Str("f", name) }).Strs("list", nil).Msgf("x")                      //= with_bound svc=string bound=int error=string f=string list=string
	sub.UpdateContext(func(c zerolog.Context) zerolog.Context { return c.Bool("updated", true) })
	sub.Log().Str("event", "without_a_level").Send() //= without_a_level svc=string bound=int updated=bool
	zl.Debug().Str("event", "below_the_level").Send()
	ctx := zl.With().Bool("in_context", true).Logger().WithContext(context.Background())
	zerolog.Ctx(ctx).Info().Str("event", "of_the_context").Stringer("level", level(1)).RawJSON("raw", []byte("{}")).Msg("") //= of_the_context svc=string in_context=bool level=string raw?= //? raw
	if vip {
		zl.Error().Str("event", "conditional").EmbedObject(user{}).Msg("") //= conditional svc=string id=string age=int
	}
}
