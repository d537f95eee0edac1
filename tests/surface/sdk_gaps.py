"""Where Whimbrel and the vendor's SDKs differ, with the reason: the honest list, held exact by `test_sdks.py`.

An entry that is no longer true fails the tests as one that is missing does.
"""

_LORA = "belongs to LoRaWAN gateways' products; ignored (RegisterDevice, rule 3)"

#: Parameters that the SDKs can send and the operation does not listen to.
PARAMETERS_IGNORED = {
    ("RegisterDevice", name): _LORA for name in ("AppKey", "DevEui", "JoinEui", "LoraNodeType", "PinCode")
}

#: Parameters of every action that the gate takes, not the operation.
PARAMETERS_OF_THE_GATE = {
    "IotInstanceId": "names an instance of the vendor's cloud; there is one here, so it is ignored"
}

_ROLLOUT = (
    "Whimbrel's own: how carefully a job goes out (design.md part 4); without it the vendor's calls work as they did"
)
_ROLLOUT_PARAMETERS = (
    *("XGate", "XGateLimit", "XGateSilentHours", "XGateSilentMinutes", "XPace", "XPaceFirst", "XPaceGrowth"),
    *("XStages.Count", "XStages.Percent", "XStages.SoakMinutes", "XStages.SucceededPercent"),
    *("XTimeZone", "XWindows.Days", "XWindows.End", "XWindows.Start"),
)

#: Parameters of ours that the SDKs' classes have no setter for.
PARAMETERS_ADDED = {
    ("CreateOTAStaticUpgradeJob", "XSeed"): _ROLLOUT,
    **{("CreateOTAStaticUpgradeJob", name): _ROLLOUT for name in _ROLLOUT_PARAMETERS},
    **{("CreateOTADynamicUpgradeJob", name): _ROLLOUT for name in _ROLLOUT_PARAMETERS},
    ("ListOTAFirmware", "XModuleName"): "Whimbrel's own: the console narrows its list of firmware with it",
    ("ListOTAFirmware", "XStatus"): "as XModuleName",
    ("ModifyOTAFirmware", "Udi"): "the other vendor's name of FirmwareUdi",
}
#: Of every action that makes something.
PARAMETERS_OF_OURS = {"ClientToken": "Whimbrel's own (I14): a call that is repeated makes nothing twice"}

#: Fields of the SDKs' response models that no answer of ours has.
FIELDS_NOT_SERVED = {("RegisterDevice", name): "belongs to LoRaWAN devices" for name in ("Data.DevEui", "Data.JoinEui")}

#: Fields of our answers that the SDKs' response models do not know, so that their users do not see them.
FIELDS_UNREAD: dict[tuple[str, str], str] = {
    ("QueryOTAJob", name): "Whimbrel's own: who pauses jobs calls XQueryOTARollout"
    for name in ("Data.XHold", "Data.XHoldReason")
} | {("QueryDeviceGroupList", "Data.GroupInfo.XDeviceCount"): "Whimbrel's own: the console's list of groups shows it"}

#: Fields of our answers that no call of `sdk_world.py` is answered with.
FIELDS_UNSEEN = {
    ("QueryOTAJob", "Data.XHold"): "there while a job is held, which no call of the vendor's does",
    ("QueryOTAJob", "Data.XHoldReason"): "as XHold",
    ("ResetThing", "JobId"): "stands for a gateway's topology, which is not kept: declared, and always left out",
}

#: Parameters that no call of `sdk_world.py` gives: they are refused, or do not go together with what it does.
PARAMETERS_UNSENT: dict[tuple[str, str], str] = {}
