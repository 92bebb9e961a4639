# certificates.sh: certificates of the test's own, for tests that source cli/lib.sh. They are valid for a day.
#
#   certificates    makes in $T/tls: ca.pem; server.pem and server.key, for db.test and 127.0.0.1; client.pem and client.key of the
#                   user `locked`, and its key with a password, locked.key; stranger.pem, an authority that signed nothing.
#                   1 where there is no openssl.
certificates() {
	command -v openssl >/dev/null || return 1
	mkdir -p "$T/tls"
	for who in ca stranger; do
		openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=$who" -keyout "$T/tls/$who.key" -out "$T/tls/$who.pem" 2>/dev/null || return 1
	done
	printf 'subjectAltName=DNS:db.test,IP:127.0.0.1\n' >"$T/tls/server.ext"
	printf 'extendedKeyUsage=clientAuth\n' >"$T/tls/client.ext"
	for who in server client; do
		openssl req -newkey rsa:2048 -nodes -subj "/CN=locked" -keyout "$T/tls/$who.key" -out "$T/tls/$who.csr" 2>/dev/null &&
			openssl x509 -req -in "$T/tls/$who.csr" -CA "$T/tls/ca.pem" -CAkey "$T/tls/ca.key" -CAcreateserial -days 1 \
				-extfile "$T/tls/$who.ext" -out "$T/tls/$who.pem" 2>/dev/null || return 1
	done
	openssl rsa -aes256 -passout pass:opensesame -in "$T/tls/client.key" -out "$T/tls/locked.key" 2>/dev/null && chmod 600 "$T"/tls/*.key
}
