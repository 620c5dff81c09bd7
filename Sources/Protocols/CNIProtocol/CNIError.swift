// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// An error as CNI prints it (specification, section 5).
public struct CNIError: Error, Hashable, Sendable {
    /// What kind of error it is.
    public let code: Code
    /// One line: what was tried, on what, why it failed, what to do.
    public let message: String
    /// More, where there is more.
    public let details: String

    /// An error to print.
    public init(_ code: Code, _ message: String, details: String = "") {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The reserved codes of the specification.
    public enum Code: Int, Sendable {
        /// The configuration's version is not spoken.
        case incompatibleVersion = 1
        /// A field of the configuration is not supported.
        case unsupportedField = 2
        /// The container is unknown.
        case unknownContainer = 3
        /// A variable of the environment is missing or wrong.
        case invalidEnvironment = 4
        /// Input or output failed.
        case io = 5
        /// The configuration is not JSON.
        case decoding = 6
        /// The configuration is JSON, and wrong.
        case invalidConfiguration = 7
        /// CNI_NETNS is the plugin's own namespace.
        case invalidNamespace = 8
        /// Trying again later can help.
        case tryAgainLater = 11
        /// STATUS: no ADD can succeed.
        case notAvailable = 50
        /// STATUS: containers would have limited connectivity.
        case limitedConnectivity = 51
        /// CHECK: the attachment is not as ADD left it; the first code that the specification leaves to plugins.
        case differs = 100
        /// Anything else.
        case `internal` = 999
    }

    /// The error document.
    public func json(version: CNIVersion) -> JSONValue {
        var object = JSONObject([
            ("cniVersion", .string(version.rawValue)), ("code", .integer(code.rawValue)),
            ("msg", .string(message)),
        ])
        if !details.isEmpty { object["details"] = .string(details) }
        return .object(object)
    }
}
