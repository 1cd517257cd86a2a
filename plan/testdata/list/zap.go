package list

import (
	"time"

	"example.com/shop/list/track"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func (u user) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("id", u.id)
	if u.plan != "" {
		enc.AddString("plan", u.plan)
	}
	return nil
}

func zapLines(client *causality.Client, err error, vip bool, list []string) {
	z := zap.Must(zap.NewProduction(zap.Fields(zap.Int("unseen", 1)), zapcausality.Tee(client))).With(zap.String("svc", "x"))
	z.Info("a", zap.String("event", "zap"), zap.Int("n", 1))                                                                             //= zap svc=string n=int
	z.Info("a", zap.String("event", "namespace"), zap.Namespace("ns"), zap.Int("n", 1), zap.Any("u", user{}), zap.Error(err))            //= namespace svc=string ns_n=int ns_u_id=string ns_u_plan?=string ns_error?=string
	z.Info("a", zap.String("event", "inline"), zap.Inline(user{}), zap.Dict("d", zap.Bool("b", vip)), zap.Strings("l", list))            //= inline svc=string id=string plan?=string d_b=bool l?=string
	z.Sugar().With("s", 1).Infow("a", "event", "sugar", "k", 1.5, zap.Bool("b", true), "left_over")                                      //= sugar svc=string s=int k=float b=bool
	z.Info("a", zapcausality.Event("zap_group", zap.Duration("took", time.Second), zap.Int("user_id", 1)), zap.Int("other", 1))          //= zap_group took=float @user_id
	z.Named("x").With(zap.Namespace("ns"), zap.String("event", "bound_in_namespace")).Warn("a", zap.Reflect("r", address{}), zap.Skip()) //= bound_in_namespace svc=string ns_r_city=string ns_r_zip?=int
	z.Debug("a", zap.String("event", "below_the_level"))
	if ce := z.Check(zap.InfoLevel, "m"); ce != nil {
		ce.Write(zap.String("event", "checked"), zap.Duration("took", time.Second)) //= checked svc=string took=float
	}
	track.Zap(z, "zap_helped", zap.Strings("l", []string{"a"}), zap.Object("o", zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error { enc.AddInt("n", 1); return nil }))) //= zap_helped svc=string l=string o_n=int
	plain, _ := zap.NewProduction()
	plain.Info("a", zap.String("event", "not_ours"))
	plain.WithOptions(zapcausality.Tee(client)).Info("a", zap.String("event", "ours_later")) //= ours_later
}
