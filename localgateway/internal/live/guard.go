package live

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A page of another site that the developer has open can send requests to this
// machine. It must neither read what is here nor change it:
//
//   - It cannot give its requests another Origin and Sec-Fetch-Site than its own;
//     both are checked.
//   - With a name that it lets point to 127.0.0.1 (DNS rebinding) it is of the
//     same origin as far as the browser knows, but then the Host is that name.
//
// The Host is checked only while the listener is bound to a loopback address:
// beyond, the names of this machine are not known.

// ownPages lets through what the page itself and programs ask for.
func (s *Server) ownPages(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		// A link from elsewhere may lead to the page; it shows nothing to where
		// the link is.
		visit := r.Method == http.MethodGet && r.URL.Path == "/"
		switch {
		case s.options.Loopback && !isLoopback(r.Host):
			forbid(w, "this local gateway answers to localhost and 127.0.0.1 only, not to "+r.Host)
		case !sameOrigin(r),
			site != "" && site != "same-origin" && site != "none" && !visit:
			forbid(w, "pages of other sites may not use the local gateway")
		default:
			next(w, r)
		}
	}
}

// fromClients lets through what clients send. One that is no browser has no
// Origin and may call this machine as it likes, such as host.docker.internal.
func (s *Server) fromClients(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
		if s.options.Loopback && (origin != "" || site != "") {
			u, err := url.Parse(origin)
			if !isLoopback(r.Host) || err != nil || origin != "" && !isLoopback(u.Host) || site == "cross-site" {
				forbid(w, "pages of other sites may not use the local gateway")
				return
			}
		}
		next(w, r)
	}
}

func forbid(w http.ResponseWriter, why string) { http.Error(w, why, http.StatusForbidden) }

func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// isLoopback says whether a host, with or without a port, is this machine
// whatever a name server says.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
