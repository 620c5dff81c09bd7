// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import ImageFormats

/// What a server is told to let us in.
///
/// It is sent to the server of the first URL alone, and never shown.
public enum Credentials: Hashable, Sendable, CustomStringConvertible {
    /// A user and a password.
    case basic(user: String, password: String)
    /// A token.
    case bearer(String)

    /// A user and a password; nil where they can't be sent.
    init?(user: String, password: String) {
        guard !user.contains(":"), Self.isPlain(user), Self.isPlain(password) else { return nil }
        self = .basic(user: user, password: password)
    }

    /// What CRI's AuthConfig holds: a registry token, else an identity token, else user and password, else `auth`.
    ///
    /// Empty texts are absent ones.
    /// - Throws: `configuration` where something can't be sent; nil stands for no credentials.
    public static func fromCRI(
        username: String = "",
        password: String = "",
        auth: String = "",
        identityToken: String = "",
        registryToken: String = ""
    ) throws(ImageError) -> Credentials? {
        let operation = "use the credentials of the pull"
        for token in [registryToken, identityToken] where !token.isEmpty {
            guard token.utf8.allSatisfy({ (33...126).contains($0) }) else {
                throw ImageError(.configuration, operation, "the token has signs that can't be sent")
            }
            return .bearer(token)
        }
        if !username.isEmpty || !password.isEmpty {
            guard let credentials = Credentials(user: username, password: password) else {
                throw ImageError(
                    .configuration,
                    operation,
                    "the user or password has signs that can't be sent"
                )
            }
            return credentials
        }
        guard !auth.isEmpty else { return nil }
        guard let data = Data(base64Encoded: auth), let text = String(data: data, encoding: .utf8),
            let colon = text.firstIndex(of: ":"),
            let credentials = Credentials(
                user: String(text[..<colon]),
                password: String(text[text.index(after: colon)...])
            )
        else { throw ImageError(.configuration, operation, "auth is no base64 of user:password") }
        return credentials
    }

    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }

    /// What they are, without what they say.
    public var description: String {
        switch self {
        case .basic: "user and password"
        case .bearer: "token"
        }
    }
}

extension Credentials: CustomReflectable {
    /// Nothing of the content, for those who print values by mirrors.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
