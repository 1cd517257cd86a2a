package live

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
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
//
// Behind a proxy the Host may be the proxy's name, which Options.Hosts has to
// list, or the proxy writes this machine's. Then the Origin is the proxy's name,
// and passes if it is listed, if the proxy gives it as X-Forwarded-Host, or if the
// browser itself says that the page is of the same origin. A page of another site
// can bring about neither.

// ownPages lets through what the page itself and programs ask for.
func (s *Server) ownPages(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		// A link from elsewhere may lead to the page; it shows nothing to where
		// the link is.
		visit := r.Method == http.MethodGet && r.URL.Path == "/"
		switch {
		case !s.isOwn(r.Host):
			forbid(w, fmt.Sprintf("this local gateway answers browsers at localhost and 127.0.0.1 only, not at %[1]s; to reach its page at %[1]s, start it with -host %[2]s", r.Host, hostName(r.Host)))
		case !s.sameOrigin(r):
			forbid(w, fmt.Sprintf("the page is at %[1]s, and the request came for %[2]s; behind a proxy, start the local gateway with -host %[3]s", r.Header.Get("Origin"), r.Host, originName(r)))
		case site != "" && site != "same-origin" && site != "none" && !visit:
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
			if !s.isOwn(r.Host) || err != nil || origin != "" && !s.isOwn(u.Host) || site == "cross-site" {
				forbid(w, "pages of other sites may not use the local gateway")
				return
			}
		}
		next(w, r)
	}
}

func forbid(w http.ResponseWriter, why string) { http.Error(w, why, http.StatusForbidden) }

// isOwn says whether a browser may use the page under a host.
func (s *Server) isOwn(host string) bool {
	return !s.options.Loopback || isLoopback(host) || s.isNamed(host)
}

func (s *Server) isNamed(host string) bool {
	return slices.ContainsFunc(s.options.Hosts, func(name string) bool { return strings.EqualFold(name, hostName(host)) })
}

func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" &&
		(strings.EqualFold(u.Host, r.Host) || strings.EqualFold(u.Host, r.Header.Get("X-Forwarded-Host")) || s.isNamed(u.Host))
}

func originName(r *http.Request) string {
	if u, err := url.Parse(r.Header.Get("Origin")); err == nil && u.Host != "" {
		return hostName(u.Host)
	}
	return "its-name"
}

// hostName leaves a port out.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// isLoopback says whether a host, with or without a port, is this machine
// whatever a name server says.
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(hostName(host), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
