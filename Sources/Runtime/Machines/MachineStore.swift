// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import DomainXML
import JSON
package import LinuxSystem
import NetworkTypes

/// The machines of this host: a folder each, with all of a machine's files.
///
/// The folders can be searched by everybody, because QEMU runs under a user of its own and opens its files
/// by path; nobody but root can list them, and each file can be opened by its owner alone.
struct MachineStore: Sendable {
    let settings: Settings

    /// The folder of a machine.
    func folder(of name: String) -> String { "\(settings.machinesFolder)/\(name)" }

    func path(_ file: MachineFile, of name: String) -> String { "\(folder(of: name))/\(file.rawValue)" }

    /// Takes the lock of a machine's name: what changes a machine holds it.
    func lock(_ name: String, seconds: Int64 = 30) throws(MachineError) -> FileLock {
        do throws(SystemError) {
            return try FileLock(
                "\(settings.locksFolder)/machine-\(name)",
                deadline: monotonicMicroseconds() + seconds * 1_000_000
            )
        } catch {
            throw MachineError(
                "lock the machine \(name)",
                error,
                advice: error.errno == ETIMEDOUT ? "Another vmctl works on it: wait until it is done." : nil
            )
        }
    }

    /// Writes a new machine down, with a user that no other machine has.
    ///
    /// `draft`: The machine; given the user.
    func create(
        _ name: String,
        _ draft: (UInt32) throws(MachineError) -> Machine
    ) throws(MachineError) -> Machine {
        let operation = "create the machine \(name)"
        do {
            let lock = try FileLock(
                "\(settings.locksFolder)/machines",
                deadline: monotonicMicroseconds() + 30_000_000
            )
            defer { withExtendedLifetime(lock) {} }
            guard try Files.read(path(.description, of: name)) == nil else {
                throw MachineError(
                    operation,
                    "there is one of this name",
                    advice: "Remove it: vmctl rm \(name)"
                )
            }
            let taken = Set(try list().map(\.user.uid))
            guard let uid = settings.users.free(besides: taken) else {
                throw MachineError(
                    operation,
                    "all users from \(settings.users.first) to \(settings.users.last) are taken",
                    advice: "Set CONTRAIL_VM_USERS to a wider range."
                )
            }
            let machine = try draft(uid)
            try makeSearchable(settings.stateFolder)
            try makeSearchable(settings.machinesFolder)
            try makeSearchable(folder(of: name))
            try save(machine)
            return machine
        } catch {
            throw MachineError(operation, error)
        }
    }

    /// Writes a machine down, durably: what it says must be cleaned up even after a power failure.
    func save(_ machine: Machine) throws(MachineError) {
        do throws(SystemError) {
            let path = path(.description, of: machine.name)
            try Files.write(machine.json.serialized(), to: path, isDurable: true)
        } catch {
            throw MachineError("save the machine \(machine.name)", error)
        }
    }

    /// Reads a machine; nil where there is none.
    func load(_ name: String) throws(MachineError) -> Machine? {
        let path = path(.description, of: name)
        let operation = "read the machine \(name)"
        let bytes: [UInt8]?
        do throws(SystemError) { bytes = try Files.read(path) } catch { throw MachineError(operation, error) }
        guard let bytes else { return nil }
        do throws(JSONError) {
            return try Machine(json: JSONValue(parsing: bytes))
        } catch {
            throw MachineError(operation, "\(path): \(error.message)")
        }
    }

    /// All machines, by name.
    func list() throws(MachineError) -> [Machine] {
        let names: [String]
        do throws(SystemError) {
            names = try Files.list(settings.machinesFolder)
        } catch {
            throw MachineError("list the machines", error)
        }
        var machines: [Machine] = []
        for name in names {
            if let machine = try load(name) { machines.append(machine) }
        }
        return machines
    }

    /// Removes all files of a machine, its description last: a removal that was cut short can be repeated.
    func remove(_ name: String) throws(MachineError) {
        let folder = folder(of: name)
        do throws(SystemError) {
            for file in MachineFile.allCases where file != .description {
                try removeTree(path(file, of: name))
            }
            for file in try Files.list(folder) where file != MachineFile.description.rawValue {
                try removeTree("\(folder)/\(file)")
            }
            try Files.remove(path(.description, of: name))
            try removeTree(folder)
        } catch {
            throw MachineError("remove the files of the machine \(name)", error)
        }
    }

    private func makeSearchable(_ folder: String) throws(SystemError) {
        try Files.makeFolder(folder, mode: 0o711)
        var status = stat()
        guard stat(folder, &status) == 0 else { throw SystemError("examine", folder, errno: clinux_errno()) }
        guard status.st_mode & 0o011 != 0o011 else { return }
        guard chmod(folder, status.st_mode & 0o7777 | 0o011) == 0 else {
            throw SystemError("make searchable", folder, errno: clinux_errno())
        }
    }
}

/// The files in a machine's folder.
package enum MachineFile: String, CaseIterable {
    case description = "machine.json"
    case disk = "disk.qcow2"
    case seed = "seed.iso"
    case seedFolder = "seed"
    case consoleLog = "console.log"
    case queueSocket = "queues.sock"
}

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
