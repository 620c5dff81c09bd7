// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Where what belongs to this program was installed.
package enum Installation {
    /// `<prefix>/libexec/contrail-vm`, of the prefix whose `bin` this program is in; where that is not there,
    /// `/usr/local/libexec/contrail-vm`.
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
