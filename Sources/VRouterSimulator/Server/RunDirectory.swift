// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The folder of one running simulator, made and locked.
final class RunDirectory {
    /// Absolute: dnsmasq changes its working directory.
    let path: String
    private let lock: Int32

    /// Makes and locks the folder.
    ///
    /// - Throws: ``SystemError`` if that fails, also because another simulator uses it.
    init(_ path: String) throws(SystemError) {
        self.path = path.hasPrefix("/") ? path : Self.workingDirectory() + "/" + path
        guard FileText.createFolders(Bytes(self.path), mode: 0o755) else { throw SystemError("make", path) }
        lock = open(self.path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw SystemError("open", self.path + "/lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let error = SystemError("lock the run directory of another simulator,", self.path)
            close(lock)
            throw error
        }
    }

    deinit {
        unlink(path + "/lock")
        close(lock)
    }

    private static func workingDirectory() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return "" }
        return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.text
    }
}
