// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
public import ImageFormats

/// An HTTP or HTTPS URL, as libcurl reads it: no second parser can take its host for another one.
public struct DownloadURL: Hashable, Sendable, CustomStringConvertible {
    /// The URL without user, password and fragment.
    let text: String
    /// `http` or `https`.
    let scheme: String
    /// The host, lower case.
    let host: String
    /// The port.
    let port: Int
    /// What stood before the host.
    let credentials: Credentials?

    /// Parses a URL.
    /// - Throws: `configuration`, without the URL's password and query.
    public init(_ text: String) throws(ImageError) {
        func refuse(_ reason: String, advice: String? = nil) -> ImageError {
            ImageError(.configuration, "use the URL \(Self.withoutSecrets(text))", reason, advice: advice)
        }
        guard !text.isEmpty else { throw refuse("it is empty") }
        let size = text.utf8.count
        guard size <= Self.mostBytes else {
            throw refuse("it has \(size) bytes; \(Self.mostBytes) are allowed")
        }
        if let fault = Self.characterFault(text) { throw fault }
        guard text.contains("://") else {
            throw refuse("it has no scheme", advice: "Begin it with https:// or http://.")
        }
        guard let handle = curl_url() else { throw refuse("there is no memory left") }
        defer { curl_url_cleanup(handle) }
        let parsed = curl_url_set(handle, CURLUPART_URL, text, 0)
        guard parsed == CURLUE_OK else { throw refuse(Self.reason(parsed, text)) }
        func part(_ what: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, what, &value, flags) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "http" || scheme == "https" else {
            let word = text.prefix { $0 != ":" }
            throw refuse("its scheme is \(excerpt(String(word))); http and https are known")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
        else { throw refuse("it has no host") }
        let decode = UInt32(CURLU_URLDECODE)
        if let user = part(CURLUPART_USER, decode) {
            guard let given = Credentials(user: user, password: part(CURLUPART_PASSWORD, decode) ?? "") else {
                throw refuse(
                    "its user has a colon, or its user or password has a control character: these can't be sent"
                )
            }
            credentials = given
        } else {
            credentials = nil
        }
        for secret in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT] {
            curl_url_set(handle, secret, nil, 0)
        }
        guard let bare = part(CURLUPART_URL) else { throw refuse("it can't be put together again") }
        self.text = bare
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

    private static let mostBytes = 4096

    /// What libcurl finds wrong with a URL, in our words where those are better.
    private static func reason(_ code: CURLUcode, _ text: String) -> String {
        switch code {
        case CURLUE_BAD_PORT_NUMBER: "its port is not a number from 0 to 65535"
        case CURLUE_NO_HOST: "it has no host"
        case CURLUE_BAD_HOSTNAME: "its host has a character that no host name has"
        case CURLUE_UNSUPPORTED_SCHEME:
            "its scheme is \(excerpt(String(text.prefix { $0 != ":" }))); http and https are known"
        case CURLUE_MALFORMED_INPUT: "it is not of the form https://host/path"
        default: "libcurl can't read it: \(String(cString: curl_url_strerror(code)))"
        }
    }

    /// The error that names the first character which must be escaped; nil where all can be sent.
    private static func characterFault(_ text: String) -> ImageError? {
        let scalars = Array(text.unicodeScalars)
        guard let place = scalars.firstIndex(where: { !(33...126).contains($0.value) }) else { return nil }
        let escaped = String(scalars[place]).utf8.map { byte in
            "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        let shown = withoutSecrets(text, at: place)
        let isControl = scalars[place].value < 32
        return ImageError(
            .configuration,
            "use the URL \(shown)",
            "it has \(characterName(scalars[place])) at character \(place + 1)",
            advice: isControl ? "Take it out." : "Write \(escaped) for it."
        )
    }

    /// Host, and the port where it is not the scheme's own.
    var authority: String { port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)" }

    /// Whether both lead to the same server: only there may credentials go.
    func isSameOrigin(as other: DownloadURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// The same URL, with another host in front of the same path.
    func replacing(host: String) -> String? {
        guard let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        var value: UnsafeMutablePointer<CChar>?
        guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK,
            curl_url_set(handle, CURLUPART_HOST, host, 0) == CURLUE_OK,
            curl_url_get(handle, CURLUPART_URL, &value, 0) == CURLUE_OK, let value
        else { return nil }
        defer { curl_free(value) }
        return String(cString: value)
    }

    /// The URL without user, password and query: these can be secrets.
    public var description: String {
        let shown = text.prefix { $0 != "?" }
        return excerpt(shown.count < text.count ? "\(shown)?…" : text, around: 300)
    }

    /// A text that is meant to be a URL without user, password and query, shortened around a scalar of it.
    static func withoutSecrets(_ text: String, at place: Int? = nil) -> String {
        let scalars = Array(text.unicodeScalars)
        let slashes = scalars.indices.dropLast(2).first { index in
            scalars[index] == ":" && scalars[index + 1] == "/" && scalars[index + 2] == "/"
        }
        let authority = slashes.map { $0 + 3 } ?? 0
        // A password may have any sign that should have been escaped.
        let at = scalars[authority...].lastIndex(of: "@")
        // A question mark in front of it: nobody knows which of both begins a secret.
        if let at, scalars[authority..<at].contains("?") {
            return excerpt(String(String.UnicodeScalarView(scalars[..<authority])), around: 200) + "…"
        }
        let start = at ?? authority
        let query = scalars[start...].firstIndex { $0 == "?" }
        var shown: [Unicode.Scalar] = Array(scalars[..<authority])
        var focus = place ?? 0
        if let at {
            shown += ["…"] + scalars[at..<(query ?? scalars.endIndex)]
            focus = max(authority, focus - at + authority + 1)
        } else {
            shown += scalars[authority..<(query ?? scalars.endIndex)]
        }
        if query != nil { shown += ["?", "…"] }
        let text = String(String.UnicodeScalarView(shown))
        return excerpt(text, at: min(focus, max(0, shown.count - 1)), around: place == nil ? 200 : 60)
    }
}
