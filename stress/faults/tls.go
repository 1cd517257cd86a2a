package faults

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// tlsSide is the TLS of a gateway on memory. Its certificate is trusted only
// after a while.
type tlsSide struct {
	certificate tls.Certificate
	pool        *x509.CertPool
	untrusted   time.Duration
}

// useTLS makes the gateway speak TLS, with a certificate that the client does
// not trust for d.
func (g *Gateway) useTLS(d time.Duration) {
	certificate, pool, err := newCertificate()
	if err != nil {
		panic(err) // crypto/ecdsa with a curve of its own does not fail
	}
	g.tls = &tlsSide{certificate, pool, d}
}

func (t *tlsSide) server(conn net.Conn) net.Conn {
	return tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{t.certificate}})
}

func (t *tlsSide) client(ctx context.Context, conn net.Conn, at time.Duration) (net.Conn, error) {
	pool := t.pool
	if at < t.untrusted {
		pool = x509.NewCertPool()
	}
	secure := tls.Client(conn, &tls.Config{ServerName: "gateway.test", RootCAs: pool})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// newCertificate returns a certificate for gateway.test that has signed itself.
func newCertificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "gateway.test"},
		DNSNames:     []string{"gateway.test"},
		// In a bubble it is the year 2000.
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool, nil
}
