// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import LinuxSystem

extension ConsoleFollower {
    /// How far a follower came, as it is written down.
    struct State {
        /// Where it is in the console's file.
        var offset: Int64
        /// The console's file that it is in; nil in what was written before files were told apart.
        var file: ConsoleFiles.Identity?
        /// How long the log is, and which file it is.
        var logSize: Int64
        var log: (device: UInt64, inode: UInt64)

        /// Whether it was written before the console's files were told apart: it is the console's own.
        var isOlder: Bool { file == nil }
    }
}

extension ConsoleFollower.State {
    private static let schema = 2

    /// Reads a state; nil where there is none, or none that can be read: then all is copied that is there.
    init?(_ path: String) throws(SystemError) {
        guard let bytes = try Files.read(path), let value = try? JSONValue(parsing: bytes),
            let fields = try? JSONFields(value), let offset = try? fields.integer("offset", in: 0...Int.max)
        else { return nil }
        func number(_ key: String) -> UInt64? { (try? fields.string(key)).flatMap { UInt64($0) } }
        self.offset = Int64(offset)
        logSize = Int64((try? fields.integer("logSize", in: 0...Int.max)) ?? Int.max)
        log = (number("logDevice") ?? 0, number("logInode") ?? 0)
        if let device = number("device"), let inode = number("inode"), let born = number("born") {
            file = ConsoleFiles.Identity(device: device, inode: inode, born: Int64(clamping: born))
        }
    }

    /// What is written down.
    var bytes: [UInt8] {
        var members: [(String, JSONValue)] = [
            ("schema", .integer(Self.schema)), ("offset", .integer(Int(offset))),
            ("logSize", .integer(Int(logSize))), ("logDevice", .string(String(log.device))),
            ("logInode", .string(String(log.inode))),
        ]
        if let file {
            members += [
                ("device", .string(String(file.device))), ("inode", .string(String(file.inode))),
                ("born", .string(String(file.born))),
            ]
        }
        return JSONValue.object(JSONObject(members)).serialized()
    }
}
