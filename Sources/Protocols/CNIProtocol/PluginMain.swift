// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON
import LinuxSystem

/// What a plugin does for each command.
///
/// Each either succeeds whole or changes nothing.
public protocol CNIPlugin: AnyObject {
    /// The plugin's name, for messages.
    var name: String { get }
    /// Attaches the container.
    func add(_ request: CNIRequest) throws(CNIError) -> CNIResult
    /// Undoes an ADD; what is gone already is not an error.
    func delete(_ request: CNIRequest) throws(CNIError)
    /// Compares an attachment with what ADD left; throws an error that names each difference.
    func check(_ request: CNIRequest) throws(CNIError)
    /// Throws where no ADD could succeed.
    func status(_ configuration: CNIConfiguration) throws(CNIError)
    /// Removes what this network and this runtime made and no valid attachment needs.
    func collectGarbage(keeping valid: [CNIAttachment], _ configuration: CNIConfiguration) throws(CNIError)
}

/// Runs a plugin for the command that the environment names, and prints exactly one document.
///
/// - Returns: The process's exit status.
public func runPlugin<Plugin: CNIPlugin>(_ plugin: Plugin) -> Int32 {
    let output = ResultWriter()
    let environment = CNIEnvironment()
    guard let word = environment["CNI_COMMAND"], !word.isEmpty else {
        ResultWriter.writeError(
            """
            \(plugin.name) is a CNI plugin: a container runtime runs it with CNI_COMMAND and the other variables of \
            the CNI specification set and a network configuration on standard input.
            CNI versions: \(CNIVersion.allCases.map { $0.rawValue }.joined(separator: ", "))

            """
        )
        return 0
    }
    var version = CNIVersion.newest
    do throws(CNIError) {
        guard let command = CNIRequest.Command(rawValue: word) else {
            throw CNIError(.invalidEnvironment, "CNI_COMMAND: \(plugin.name) has no command \(word)")
        }
        if command == .version {
            let failure = output.write(supportedVersions)
            guard failure != 0 else { return 0 }
            throw CNIError(.io, "cannot write the versions to standard output: \(errorText(failure))")
        }
        let configuration = try readConfiguration(for: command)
        version = configuration.version
        output.installCrashDocument(version: version)
        try requireVersion(of: configuration, for: command)
        switch command {
        case .status: try plugin.status(configuration)
        case .collect:
            // Without a list nothing is known to be stale; an empty list is a list.
            if let valid = try configuration.validAttachments() {
                try plugin.collectGarbage(keeping: valid, configuration)
            }
        case .add, .check, .delete, .version:
            var request = try CNIRequest(command, environment: environment, configuration: configuration)
            try refuseOwnNamespace(&request, environment)
            switch command {
            case .add: try add(request, by: plugin, output)
            case .check: try check(request, by: plugin)
            default: try plugin.delete(request)
            }
        }
        return 0
    } catch {
        output.writeError(error.json(version: version))
        return 1
    }
}

/// Refuses a command that the configuration's version does not have yet.
private func requireVersion(
    of configuration: CNIConfiguration,
    for command: CNIRequest.Command
) throws(CNIError) {
    let oldest: CNIVersion
    switch command {
    case .check: oldest = .v040
    case .status, .collect: oldest = .v110
    case .add, .delete, .version: return
    }
    guard configuration.version < oldest else { return }
    throw CNIError(
        .incompatibleVersion,
        "\(command.rawValue) needs a configuration of version \(oldest.rawValue) or newer"
    )
}

/// To the runtime, an ADD whose result can't be written has failed: it may leave nothing.
private func add<Plugin: CNIPlugin>(
    _ request: CNIRequest,
    by plugin: Plugin,
    _ output: ResultWriter
) throws(CNIError) {
    let failure = output.write(try plugin.add(request).json)
    guard failure != 0 else { return }
    try plugin.delete(request)
    throw CNIError(
        .io,
        "cannot write the result to standard output: \(errorText(failure)); what ADD made was removed"
    )
}

private func check<Plugin: CNIPlugin>(_ request: CNIRequest, by plugin: Plugin) throws(CNIError) {
    guard request.configuration.previous != nil else {
        throw CNIError(.invalidConfiguration, "prevResult is missing: CHECK compares with what ADD printed")
    }
    try plugin.check(request)
}

private var supportedVersions: JSONValue {
    .object(
        JSONObject([
            ("cniVersion", .string(CNIVersion.newest.rawValue)),
            ("supportedVersions", .array(CNIVersion.allCases.map { .string($0.rawValue) })),
        ])
    )
}

/// An undo goes on with whatever configuration there is.
private func readConfiguration(for command: CNIRequest.Command) throws(CNIError) -> CNIConfiguration {
    guard command == .delete else { return try CNIConfiguration(readInput()) }
    do throws(CNIError) {
        return CNIConfiguration(ofUndo: try readInput())
    } catch {
        return CNIConfiguration(ofUndo: [])
    }
}

private func readInput() throws(CNIError) -> [UInt8] {
    do throws(SystemError) {
        // Descriptor 0 stays taken afterwards, so that nothing that is opened later becomes standard input.
        return try FileDescriptor.readAll(0, limit: JSONValue.maximumSize, name: "standard input")
    } catch {
        throw CNIError(.io, error.message)
    }
}

/// Refuses a CNI_NETNS that is the plugin's own namespace, before any effect: the node's network would be
/// changed.
///
/// CNI_NETNS_OVERRIDE allows it, as in the reference library. DEL goes on without a namespace: the path can name
/// another one by now, where the process that it went by is gone.
private func refuseOwnNamespace(
    _ request: inout CNIRequest,
    _ environment: CNIEnvironment
) throws(CNIError) {
    guard let path = request.namespace else { return }
    let override = environment["CNI_NETNS_OVERRIDE"] ?? ""
    if override == "1" || override == "TRUE" || override == "true" { return }
    let isSame: Bool
    do throws(SystemError) {
        isSame = try NetworkNamespace.isCurrent(path)
    } catch {
        // DEL of a namespace that has vanished is the usual case.
        if request.command == .delete { return }
        throw CNIError(.invalidEnvironment, "CNI_NETNS: \(error.message)")
    }
    guard !isSame else {
        if request.command == .delete { return request.forgetNamespace() }
        throw CNIError(
            .invalidNamespace,
            "CNI_NETNS \(path) is the network namespace that the plugin runs in"
        )
    }
}
