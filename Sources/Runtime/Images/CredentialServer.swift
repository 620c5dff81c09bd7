// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// For which server a pull's credentials are; no other one gets them.
public enum CredentialServer: Hashable, Sendable, CustomStringConvertible {
    /// Whatever server the image's name leads to: an operator's word.
    case any
    /// A server as Docker's configuration names it: a host, with or without scheme, port and path.
    case named(String)
    /// The server that an image's name begins with; Docker Hub where it begins with none.
    ///
    /// So kubelet chooses credentials: by the name, whatever translations make of it.
    case ofName(ImageReference)

    /// Docker Hub's names.
    private static let hub: Set<String> = ["docker.io", "index.docker.io", "registry-1.docker.io"]

    /// The server's host, and the port if one is told.
    private var server: (host: String, port: Int?)? {
        switch self {
        case .any: return nil
        case .named(let text): return Self.server(text)
        case .ofName(let reference):
            let parts = reference.name.split(separator: "/")
            guard parts.count > 1, let first = parts.first,
                first == "localhost" || first.contains(".") || first.contains(":")
            else { return ("docker.io", nil) }
            return Self.server(String(first))
        }
    }

    private static func server(_ text: String) -> (host: String, port: Int?)? {
        let lowered = text.lowercased()
        var port: Int?
        var authority = lowered[...]
        for (scheme, number) in [("https://", 443), ("http://", 80)] where lowered.hasPrefix(scheme) {
            authority = lowered.dropFirst(scheme.count)
            port = number
        }
        authority = authority.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        let bracket = authority.lastIndex(of: "]")
        if let colon = authority.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true,
            bracket != nil || authority.filter({ $0 == ":" }).count == 1
        {
            guard let number = Int(authority[authority.index(after: colon)...]) else { return nil }
            port = number
            authority = authority[..<colon]
        }
        let host = bareHost(String(authority))
        return host.isEmpty ? nil : (host, port)
    }

    /// Whether the credentials are for the server of a URL.
    func covers(_ url: DownloadURL) -> Bool {
        if case .any = self { return true }
        guard let server else { return false }
        let host = bareHost(url.host)
        let isSame = server.host == host || Self.hub.contains(server.host) && Self.hub.contains(host)
        // Without a port the scheme's own one is meant.
        return isSame && url.port == server.port ?? (url.scheme == "https" ? 443 : 80)
    }

    /// The server, for messages.
    public var description: String {
        guard let server else {
            if case .named = self { return "another server" }
            return "any server"
        }
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        return server.port.map { "\(host):\($0)" } ?? host
    }
}
