// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import TestSupport

extension TestSimulator {
    /// One command on the control socket.
    /// - Returns: The reply's members as lines, each list's elements one a line, without some keys.
    func control(_ command: String, without keys: Set<String> = []) throws -> [String] {
        let socket = clinux_connect_unix("\(folder.path)/run/control.sock")
        guard socket >= 0 else {
            throw FaultFailure("vrouter-sim's control socket: errno \(-socket)")
        }
        defer { close(socket) }
        clinux_set_receive_timeout(socket, 20_000_000)
        let line = Array((command + "\n").utf8)
        guard write(socket, line, line.count) == line.count else {
            throw FaultFailure("cannot write to vrouter-sim's control socket")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.last != 0x0A {
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else {
                throw FaultFailure("vrouter-sim did not answer \(command)")
            }
            bytes += chunk[..<count]
        }
        let reply = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
        guard reply["ok"] as? Bool == true else {
            throw FaultFailure(String(decoding: bytes, as: UTF8.self))
        }
        return try reply.sorted { $0.key < $1.key }.flatMap { key, value in
            guard let list = value as? [[String: Any]] else { return ["\(key) \(value)"] }
            return try list.map { element in
                let kept = element.filter { !keys.contains($0.key) }
                let text = try JSONSerialization.data(withJSONObject: kept, options: [.sortedKeys])
                return "\(key) \(String(decoding: text, as: UTF8.self))"
            }.sorted()
        }
    }
}
