// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import NetworkTypes

/// Which proxy a URL is asked by.
///
/// Chosen by us and not by libcurl, because who connects decides whose addresses are judged: ours, or the proxy's, which
/// the operator named.
struct ProxyChoice {
    /// The environment's variables.
    var environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }

    /// The proxy's URL; nil where the server is connected to directly.
    func proxy(for url: DownloadURL, _ profile: TransportProfile) -> String? {
        if let proxy = profile.proxy { return proxy }
        let names =
            url.scheme == "https" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"]
        guard let proxy = value(names + ["all_proxy", "ALL_PROXY"]) else { return nil }
        let exceptions = value(["no_proxy", "NO_PROXY"]) ?? ""
        return Self.isException(url.host, exceptions) ? nil : proxy
    }

    private func value(_ names: [String]) -> String? {
        for name in names {
            if let value = environment(name), !value.isEmpty { return value }
        }
        return nil
    }

    /// Whether a host is in a list of hosts, domains, addresses and prefixes that are reached without a proxy.
    static func isException(_ host: String, _ list: String) -> Bool {
        let bare = bareHost(host)
        let address = IPAddress(bare)
        for entry in list.lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            if entry == "*" { return true }
            if let address {
                if let prefix = IPPrefix(String(entry)), prefix.contains(address) { return true }
                if IPAddress(bareHost(String(entry))) == address { return true }
                continue
            }
            let domain = entry.hasPrefix(".") ? entry.dropFirst() : entry
            if !domain.isEmpty, bare == domain || bare.hasSuffix(".\(domain)") { return true }
        }
        return false
    }
}

/// A URL's host without brackets, zone and the dot at its end.
func bareHost(_ host: String) -> String {
    var bare = host[...]
    if bare.hasPrefix("["), bare.hasSuffix("]") { bare = bare.dropFirst().dropLast() }
    if let zone = bare.firstIndex(of: "%") { bare = bare[..<zone] }
    if bare.hasSuffix(".") { bare = bare.dropLast() }
    return bare.lowercased()
}
