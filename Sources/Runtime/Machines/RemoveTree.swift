// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
package import LinuxSystem

/// Removes a file, or a folder with the files in it; it may be gone.
///
/// Links are removed, never followed.
package func removeTree(_ path: String) throws(SystemError) {
    guard unlink(path) != 0 else { return }
    switch clinux_errno() {
    case ENOENT: return
    case EISDIR, EPERM: break
    case let failure: throw SystemError("remove", path, errno: failure)
    }
    guard let directory = opendir(path) else { throw SystemError("list", path, errno: clinux_errno()) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = String(cString: clinux_entry_name(entry))
        if name != ".", name != ".." { names.append(name) }
    }
    closedir(directory)
    for name in names { try removeTree("\(path)/\(name)") }
    guard rmdir(path) == 0 || clinux_errno() == ENOENT else {
        throw SystemError("remove folder", path, errno: clinux_errno())
    }
}
