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
        func refuse(_ reason: String) -> ImageError {
            ImageError(.configuration, "use the URL \(Self.withoutSecrets(text))", reason)
        }
        guard text.utf8.count <= 4096, text.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw refuse("it is longer than 4096 bytes, or has signs that must be escaped")
        }
        guard let handle = curl_url() else { throw refuse("there is no memory left") }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK else {
            throw refuse("it is no URL")
        }
        func part(_ what: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, what, &value, flags) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "http" || scheme == "https" else {
            throw refuse("only http and https are known")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
        else { throw refuse("it has no host") }
        let decode = UInt32(CURLU_URLDECODE)
        if let user = part(CURLUPART_USER, decode) {
            guard let given = Credentials(user: user, password: part(CURLUPART_PASSWORD, decode) ?? "") else {
                throw refuse("its user or password can't be sent")
            }
            credentials = given
        } else {
            credentials = nil
        }
        for secret in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT] {
            curl_url_set(handle, secret, nil, 0)
        }
        guard let bare = part(CURLUPART_URL) else { throw refuse("it is no URL") }
        self.text = bare
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }

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
    public var description: String { Self.withoutSecrets(text) }

    static func withoutSecrets(_ text: String) -> String {
        var shown = Substring(
            text.unicodeScalars.prefix(200).map { (33...126).contains($0.value) ? String($0) : "?" }.joined()
        )
        if let query = shown.firstIndex(of: "?") { shown = shown[...query] + "…" }
        guard let scheme = shown.range(of: "://") else {
            return shown.contains("@") ? "…@" + (shown.split(separator: "@").last ?? "") : String(shown)
        }
        let rest = shown[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@") else { return String(shown) }
        return shown[..<scheme.upperBound] + "…@" + rest[rest.index(after: at)...]
    }
}

extension StringProtocol {
    /// Where a text begins in this one; nil where it does not occur.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
