// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The agent's folder of state files: `<vmi>` for /port, `vm/<vm-name>/<vmi>` for /vm.
struct StateFolder: Sendable {
    /// What became of a file.
    enum Outcome: Equatable, Sendable {
        case written
        /// It was there before, and is left alone.
        case kept
        case failed
        /// The agent's file system calls raise an exception, which nobody catches.
        case fatal
    }

    let path: Bytes

    init(path: String) {
        self.path = Bytes(path)
    }

    /// Makes the folders as the agent does when it starts.
    func create() {
        _ = FileText.createFolders(machines, mode: 0o777)
    }

    private var machines: Bytes { path + Bytes("/vm") }

    func write(_ entry: PortEntry, time: String, overwrite: Bool = false) -> Outcome {
        let file = path + Bytes("/" + entry.interface.text)
        if !overwrite, Self.status(file) != nil { return .kept }
        return Self.write(entry.file(author: Agent.author, time: time), to: file)
    }

    func write(_ entry: MachinePortEntry, time: String) -> Outcome {
        let folder = machines + Bytes("/") + entry.machineName
        errno = 0
        if Self.status(folder) == nil {
            guard errno == ENOENT || errno == ENOTDIR, FileText.createFolders(folder, mode: 0o777) else {
                return .fatal
            }
        }
        let file = folder + Bytes("/" + entry.key.interface.text)
        if Self.status(file) != nil { return .kept }
        return Self.write(entry.file(author: Agent.author, time: time), to: file)
    }

    /// Removes the file of canonical name.
    func removePort(_ interface: AgentUUID) {
        let file = path + Bytes("/" + interface.text)
        if Self.isFile(file) { unlink(file.terminated) }
    }

    /// Removes `vm/<vm UUID>`, which is not where POST /vm writes: the agent's defect.
    func removeMachine(_ machine: AgentUUID) {
        Self.removeAll(machines + Bytes("/" + machine.text))
    }

    /// The contents of the files that the agent loads at its start: those of /port, then those of /vm.
    func contents() -> (ports: [Bytes], machinePorts: [Bytes]) {
        let folders = Self.entries(machines).map { machines + Bytes("/") + $0 }.filter(Self.isFolder)
        return (Self.files(in: path), folders.flatMap(Self.files))
    }

    /// Regular files, also behind a link, whose names begin with a UUID that is not nil.
    private static func files(in folder: Bytes) -> [Bytes] {
        entries(folder)
            .filter { !AgentUUID(lenient: $0).isZero }
            .map { folder + Bytes("/") + $0 }
            .filter(isFile)
            .compactMap(FileText.read)
    }

    // MARK: System calls

    private static func status(_ path: Bytes) -> stat? {
        var status = stat()
        return stat(path.terminated, &status) == 0 ? status : nil
    }

    private static func isFile(_ path: Bytes) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
    }

    private static func isFolder(_ path: Bytes) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    private static func write(_ text: Bytes, to path: Bytes) -> Outcome {
        FileText.write(text, to: path, mode: 0o666) ? .written : .failed
    }

    private static func entries(_ folder: Bytes) -> [Bytes] {
        FileText.entries(folder)
    }

    /// Removes a file, or a folder with all that is in it.
    static func removeAll(_ path: Bytes) {
        guard !isLink(path), isFolder(path) else {
            unlink(path.terminated)
            return
        }
        for entry in entries(path) { removeAll(path + Bytes("/") + entry) }
        rmdir(path.terminated)
    }

    private static func isLink(_ path: Bytes) -> Bool {
        var status = stat()
        return lstat(path.terminated, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
