// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The file that the configuration is read from.
public enum ConfigurationFile {
    /// Where it is, unless the operator says otherwise.
    public static let standard = "/etc/contrail-vm/vm-runtime.yaml"
    private static let limit = 1 << 20

    /// Reads the file that was named, which must be there, or the usual one, which need not; nil without one.
    public static func read(_ named: String?) throws(ConfigurationError) -> (name: String, text: String)? {
        let name = named ?? standard
        let descriptor = open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if named == nil, clinux_errno() == ENOENT { return nil }
            throw failed(name)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw failed(name) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw ConfigurationError(reading: name, "it is larger than 1 MiB")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(reading: name, "it is not UTF-8")
        }
        return (name, text)
    }

    private static func failed(_ name: String) -> ConfigurationError {
        ConfigurationError(reading: name, String(cString: clinux_strerror(clinux_errno())))
    }
}
