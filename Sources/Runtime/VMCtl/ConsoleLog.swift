// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem

/// All that a guest wrote on its console.
struct ConsoleLog {
    let path: String

    /// Prints it; follows it as long as the machine runs.
    func print(following: Bool, _ isRunning: () async throws -> Bool) async throws {
        let file = try FileDescriptor(opening: path, O_RDONLY)
        while true {
            // Asked before the rest is read, so that the last lines of a machine that stops are not lost.
            let goesOn = following ? try await isRunning() : false
            while let bytes = try chunk(file) { Terminal.write(bytes, to: 1) }
            guard goesOn else { return }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func chunk(_ file: borrowing FileDescriptor) throws(SystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(file.raw, &bytes, bytes.count)
        guard count >= 0 else { throw SystemError("read", path, errno: clinux_errno()) }
        return count == 0 ? nil : Array(bytes[..<count])
    }
}
