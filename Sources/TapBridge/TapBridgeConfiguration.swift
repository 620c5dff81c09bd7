// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import PreparedInterface

/// The fields of a `tap-bridge` entry in a network configuration list.
struct TapBridgeConfiguration {
    /// `way`: how tap and veth are joined.
    let way: Way
    /// `run-dir`: our own files.
    let runFolder: RunFolder

    /// The ways to join a container's veth to a VM's tap.
    enum Way: String, CaseIterable {
        /// tc redirects frames, both ways.
        case redirect
    }

    var store: InterfaceStore { runFolder.interfaces }

    /// In an undo's, a value that is wrong counts as absent.
    init(_ configuration: CNIConfiguration) throws(CNIError) {
        let fields = configuration.fields
        func value<Value>(
            else standard: Value,
            _ read: () throws(JSONError) -> Value
        ) throws(CNIError) -> Value {
            do throws(CNIError) { return try configuring(read) } catch {
                guard configuration.isOfUndo else { throw error }
                return standard
            }
        }
        way = try value(else: .redirect) { () throws(JSONError) in try Self.way(fields) }
        runFolder = try value(else: .standard) { () throws(JSONError) in
            try Self.runFolder(fields)
        }
    }

    private static func way(_ fields: JSONFields) throws(JSONError) -> Way {
        let word = try fields.optionalString("way") ?? Way.redirect.rawValue
        guard let way = Way(rawValue: word) else {
            let ways = Way.allCases.map { $0.rawValue }.joined(separator: ", ")
            throw fields.error("way", "\"\(word)\" is none of: \(ways)")
        }
        return way
    }

    private static func runFolder(_ fields: JSONFields) throws(JSONError) -> RunFolder {
        let folder = try fields.optionalString("run-dir") ?? RunFolder.standard.path
        guard folder.utf8.first == UInt8(ascii: "/"), !folder.utf8.contains(0) else {
            throw fields.error("run-dir", "\"\(folder)\" is not an absolute path")
        }
        return RunFolder(folder)
    }
}
