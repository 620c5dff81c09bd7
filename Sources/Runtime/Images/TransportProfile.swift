// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// How a server is reached.
struct TransportProfile: Hashable, Sendable {
    /// The most milliseconds of a pull, all tries together; nil without limit.
    var timeoutMilliseconds: Int?
    /// The most redirects that are followed.
    var mostRedirects = 9
    /// The proxy's URL; nil for what the environment says.
    var proxy: String?
    /// Certificates of authorities that are trusted besides the system's, PEM.
    var authorities: [String] = []
    /// Our own certificate with its chain, and its key, PEM.
    var client: ClientCertificate?
    /// The name that the server's certificate must have; nil for the URL's host.
    var serverName: String?
    /// Whether the server's certificate is taken as it is.
    var isInsecure = false
}

/// A certificate that we show to servers.
struct ClientCertificate: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    let certificate: String
    let key: String

    var description: String { "a certificate and its key" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a PEM text holds.
enum PEM {
    /// Whether its first certificate is an authority's; nil where there is none.
    static func isAuthority(_ text: String) -> Bool? {
        switch ccurl_is_authority(text, Int32(clamping: text.utf8.count)) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// Whether it holds a private key that needs no passphrase.
    static func isPrivateKey(_ text: String) -> Bool {
        ccurl_is_private_key(text, Int32(clamping: text.utf8.count)) == 1
    }
}

/// Where an image's bytes are, and how they are reached.
struct ImageSource: Hashable, Sendable {
    let url: DownloadURL
    let profile: TransportProfile
    /// What led here, for messages: "without translation", or a file and an entry.
    let origin: String
}
