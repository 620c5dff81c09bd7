// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Where this program's companions were installed.
package enum Installation {
    /// `<prefix>/libexec/contrail-vm`, where this program is in `<prefix>/bin`; `/usr/local/libexec/contrail-vm` if there is
    /// no such folder.
    package static let folder = folder(of: program) { access($0, F_OK) == 0 }

    /// The folder that this program is in.
    package static var programFolder: String? {
        program.lastIndex(of: "/").map { String(program[..<$0]) }
    }

    static func folder(of program: String, isThere: (String) -> Bool) -> String {
        let usual = "/usr/local/libexec/contrail-vm"
        guard let slash = program.lastIndex(of: "/"), program[..<slash].hasSuffix("/bin") else {
            return usual
        }
        let folder = "\(program[..<slash].dropLast("/bin".count))/libexec/contrail-vm"
        return isThere(folder) ? folder : usual
    }

    private static var program: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
