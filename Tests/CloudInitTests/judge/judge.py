# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What Debian's cloud-init makes of a seed: judge.py FOLDER MAC=NAME...
Reads the seed as its data source does, has its handlers take user-data and vendor-data apart and merge them, checks the
cloud-config by its schema, and renders the network for netplan.
Prints one JSON object. Changes nothing. PYTHONPATH must lead to cloud-init's modules (tools/cloud-init)."""

import json
import logging
import pathlib
import sys
import tempfile

from cloudinit import distros, handlers, helpers, user_data, util
from cloudinit.config import schema
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.handlers.jinja_template import JinjaTemplatePartHandler
from cloudinit.handlers.shell_script import ShellScriptPartHandler
from cloudinit.net import netplan, network_state
from cloudinit.sources import DataSourceHostname, convert_vendordata, normalize_pubkey_data
from cloudinit.sources.DataSourceConfigDrive import read_config_drive
from cloudinit.sources.helpers import openstack

logging.getLogger().addHandler(logging.NullHandler())
folder = pathlib.Path(sys.argv[1])
macs = dict(argument.split("=") for argument in sys.argv[2:])
if (folder / "openstack").is_dir():
    seed = read_config_drive(str(folder))
    metadata = seed["metadata"]
    userdata = util.decode_binary(seed["userdata"])
    vendordata = convert_vendordata(seed.get("vendordata"))
    network = seed.get("networkdata") and openstack.convert_net_json(seed["networkdata"], known_macs=macs)
else:
    # As NoCloud reads a medium: required files, then optional ones.
    seed = util.pathprefix2dict(
        str(folder), required=["user-data", "meta-data"], optional=["vendor-data", "network-config"]
    )
    metadata = util.load_yaml(seed["meta-data"])
    userdata = util.decode_binary(seed["user-data"])
    vendordata = seed.get("vendor-data") and util.decode_binary(seed["vendor-data"])
    network = util.load_yaml(seed["network-config"]) if "network-config" in seed else None


class Paths(helpers.Paths):
    """Those of an instance, in a folder of the judge's."""

    def get_ipath(self, name=None):
        return str(pathlib.Path(self.cloud_dir) / self.lookups[name]) if name else self.cloud_dir

    get_ipath_cur = get_ipath


def consumed(text, work):
    """The cloud-config and the scripts that cloud-init's handlers make of user-data."""
    work.mkdir()
    (work / "scripts").mkdir()
    (work / "instance-data-sensitive.json").write_text(json.dumps({"v1": {"local_hostname": "web"}}))
    paths = Paths({"cloud_dir": str(work), "run_dir": str(work)})
    config, script = CloudConfigPartHandler(paths), ShellScriptPartHandler(paths)
    known = helpers.ContentHandlers()
    for handler in (config, script, JinjaTemplatePartHandler(paths, sub_handlers=[config, script])):
        known.register(handler, overwrite=False)
    message = user_data.UserDataProcessor(paths).process(text)
    for handler in (config, script):
        handlers.call_begin(handler, None, "once-per-instance")
    handlers.walk(message, handlers.walker_callback, data={
        "handlers": known, "handlerdir": str(work), "data": None, "frequency": "once-per-instance", "handlercount": 0,
        "excluded": []})
    for handler in (config, script):
        handlers.call_end(handler, None, "once-per-instance")
    file = pathlib.Path(paths.get_ipath("cloud_config"))
    merged = util.load_yaml(file.read_text()) if file.exists() else None
    return merged or {}, sorted(path.read_text() for path in (work / "scripts").iterdir())


with tempfile.TemporaryDirectory() as work:
    work = pathlib.Path(work)
    config, scripts = consumed(userdata, work / "user")
    # As ConfigMerger does: the user's key wins, lists too.
    if vendordata:
        config = util.mergemanydict([config, consumed(vendordata, work / "vendor")[0]])



class Guest:
    """The data source as cc_set_hostname asks it."""

    def get_hostname(self, fqdn=False, metadata_only=False):
        return DataSourceHostname(metadata.get("local-hostname"), False)


name = util.get_hostname_fqdn(config, Guest())
distro = distros.fetch("debian")("debian", config, Paths({"cloud_dir": "/nonexistent", "run_dir": "/nonexistent"}))
if util.get_cfg_option_bool(config, "prefer_fqdn_over_hostname", None) is not None:
    distro.set_option("prefer_fqdn_over_hostname", util.get_cfg_option_bool(config, "prefer_fqdn_over_hostname"))

problems = []
for text in (userdata, vendordata):
    if not text or not text.startswith("#cloud-config"):
        continue
    try:
        schema.validate_cloudconfig_schema(util.load_yaml(text), schema.get_schema(), strict=True)
    except schema.SchemaValidationError as error:
        problems.append(str(error))

rendered = None
if network:
    state = network_state.parse_net_config_data(network, skip_broken=False)
    # A renderer that writes nothing: it returns the text of the file.
    rendered = util.load_yaml(netplan.Renderer({})._render_content(state))

print(json.dumps({
    "instance-id": metadata.get("instance-id"),
    "local-hostname": metadata.get("local-hostname"),
    "keys": normalize_pubkey_data(metadata.get("public-keys")),
    "problems": problems,
    "config": config,
    "scripts": scripts,
    "guest-name": distro._select_hostname(name.hostname, name.fqdn),
    "netplan": rendered,
}, default=str))
