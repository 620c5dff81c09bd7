// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What the arguments ask for.
struct Options: Hashable {
    /// What to do.
    enum Command: Hashable {
        case serve
        case once
        case check
        case version
        case help
    }

    /// Where the configuration is.
    struct File: Hashable {
        let path: String
        /// A file that was named must be there; the usual one need not.
        let mustExist: Bool
    }

    private(set) var command = Command.serve
    private(set) var file = File(path: "/etc/contrail-vm/port-sync.json", mustExist: false)

    static let version = "0.1.0"

    init(_ arguments: [String]) throws(ConfigurationError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--config":
                guard let path = rest.popFirst(), !path.isEmpty else {
                    throw ConfigurationError("--config needs a path")
                }
                file = File(path: path, mustExist: true)
            case "--once": command = .once
            case "--check-config": command = .check
            case "--version": command = .version
            case "--help", "-h":
                command = .help
                return
            default: throw ConfigurationError("unknown argument \"\(argument)\"; see port-sync --help")
            }
        }
    }

    static let help = """
        NAME
            port-sync - keeps the ports of this node registered with the vRouter agent

        SYNOPSIS
            port-sync [--config FILE] [--once | --check-config | --version | --help]

        DESCRIPTION
            Registers all ports of contrail-cni again when the agent has restarted, and from time to time, pays
            deletions that are owed, removes files of pods that are no more, watches the ports' devices and
            serves metrics. It stays in the foreground. SIGTERM ends it, SIGHUP reads the configuration again.

        OPTIONS
            --config FILE    the configuration; /etc/contrail-vm/port-sync.json by default, which need not exist
            --once           do one round and end: 0 if all was done, 1 if not
            --check-config   read the configuration and end: 0, or 2 with what is wrong
            --version        print the version
            --help           print this

        CONFIGURATION
            A JSON object. vrouter-ip (127.0.0.1), vrouter-port (9091), config-dir (/var/lib/contrail/ports/vm),
            run-dir (/run/contrail-vm), state-dir (/var/lib/contrail-vm) and cluster-name (k8s) as in the
            plugin's configuration; interval (20): seconds from round to round, well below the agent's
            stale_interface_cleanup_timeout; metrics (127.0.0.1:9812): a loopback address and port, "" for
            none; log-level (info): error, warning, info or debug.

        FILES
            RUN-DIR/interfaces/      records of the plugins: what is to be registered
            RUN-DIR/locks/           one lock a VM name, shared with the plugins
            RUN-DIR/port-sync.lock   one port-sync a run folder
            STATE-DIR/owed/          deletions that are owed
            CONFIG-DIR/VM/VMI        files from which the agent registers ports when it starts

        EXIT STATUS
            0; 1 where something failed; 2 for a wrong argument or configuration.

        """
}
