/** What connects a device, per kind of client: with this server's addresses and the device's own names, ready to run. */

export interface Place {
  /** The server's address for devices, without a final slash; it may hold a path. */
  publicUrl: string;
  /** Null where this process serves no devices over MQTT. */
  mqtt: { host: string; port: number; hasTls: boolean } | null;
}

export interface Device {
  productKey: string;
  deviceName: string;
  deviceSecret: string;
  /** For DDI alone; empty before it was made. */
  deviceToken: string;
}

export const KINDS = ["linkkit", "mqtt", "mosquitto", "c", "https", "swupdate", "rauc", "zephyr", "simulate"] as const;
export type Kind = (typeof KINDS)[number];

/** Those that speak DDI prove themselves with a token, not with the secret. */
export const NEEDS_TOKEN: readonly Kind[] = ["swupdate", "rauc", "zephyr"];
/** Those that this process cannot serve without MQTT. */
export const NEEDS_MQTT: readonly Kind[] = ["linkkit", "mqtt", "mosquitto", "c"];

const NO_MQTT = { host: "MQTT_HOST", port: 1883, hasTls: false };

export function snippetOf(kind: Kind, place: Place, device: Device): string {
  const filled = { ...device, deviceToken: device.deviceToken || "DEVICE_TOKEN" };
  return WRITERS[kind]({ ...place, mqtt: place.mqtt ?? NO_MQTT }, filled).trim();
}

type Writer = (place: Place & { mqtt: NonNullable<Place["mqtt"]> }, device: Device) => string;

const WRITERS: Record<Kind, Writer> = {
  linkkit: ({ mqtt }, device) => `
# pip install aliyun-iot-linkkit "paho-mqtt<2"
import threading
from linkkit.linkkit import LinkKit

VERSION = "1.0.0"
lk = LinkKit(
    host_name="${mqtt.host}",
    product_key="${device.productKey}",
    device_name="${device.deviceName}",
    device_secret="${device.deviceSecret}",
)
${
  mqtt.hasTls
    ? `# The authority that signed the server's certificate:
lk.config_mqtt(port=${mqtt.port}, endpoint="${mqtt.host}", cadata=open("authority.pem").read())`
    : `lk.config_mqtt(port=${mqtt.port}, secure="", endpoint="${mqtt.host}")`
}

def on_connect(session_present, result_code, user_data):
    if result_code == 0:
        lk.ota_report_version(None, VERSION)
        print("connected as ${device.deviceName}, runs", VERSION, flush=True)

def on_upgrade(how, version, size, url, sign_method, sign, module, extra):
    print("download, check and install", version, "from", url, flush=True)

lk.on_connect = on_connect
lk.on_ota_message_arrived = on_upgrade
lk.connect_async()
threading.Event().wait()`,

  mqtt: ({ mqtt }, device) => `
# pip install "paho-mqtt<2"
import hashlib, hmac, json
import paho.mqtt.client as mqtt

PK, DN, SECRET = "${device.productKey}", "${device.deviceName}", "${device.deviceSecret}"
cid = f"{PK}.{DN}"
content = f"clientId{cid}deviceName{DN}productKey{PK}"
password = hmac.new(SECRET.encode(), content.encode(), hashlib.sha256).hexdigest()

client = mqtt.Client(f"{cid}|securemode=3,signmethod=hmacsha256|")
client.username_pw_set(f"{DN}&{PK}", password)
${mqtt.hasTls ? 'client.tls_set("authority.pem")\n' : ""}
def on_connect(client, data, flags, reason):
    report = {"id": "1", "params": {"version": "1.0.0"}}
    client.publish(f"/ota/device/inform/{PK}/{DN}", json.dumps(report), qos=1)
    print("connected:", reason, flush=True)

client.on_connect = on_connect
client.on_message = lambda client, data, message: print(message.topic, message.payload.decode(), flush=True)
client.connect("${mqtt.host}", ${mqtt.port}, keepalive=60)
client.loop_forever()`,

  mosquitto: ({ mqtt }, device) => `
PK=${device.productKey} DN=${device.deviceName} SECRET=${device.deviceSecret}
SIGN=$(printf %s "clientId$DN""deviceName$DN""productKey$PK" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.* //')
mosquitto_pub -h ${mqtt.host} -p ${mqtt.port}${mqtt.hasTls ? " --cafile authority.pem" : ""} -q 1 \\
  -i "$DN|securemode=3,signmethod=hmacsha256|" -u "$DN&$PK" -P "$SIGN" \\
  -t "/ota/device/inform/$PK/$DN" -m '{"id":"1","params":{"version":"1.0.0"}}'`,

  c: ({ mqtt }, device) => `
/* C Link SDK 4, in the main of a demo */
uint16_t port = ${mqtt.port};
aiot_sysdep_network_cred_t cred;
memset(&cred, 0, sizeof(cred));
cred.option = ${mqtt.hasTls ? "AIOT_SYSDEP_NETWORK_CRED_SVRCERT_CA; /* x509_server_cert: your authority's PEM */" : "AIOT_SYSDEP_NETWORK_CRED_NONE;"}

aiot_mqtt_setopt(mqtt_handle, AIOT_MQTTOPT_HOST, (void *)"${mqtt.host}");
aiot_mqtt_setopt(mqtt_handle, AIOT_MQTTOPT_PORT, (void *)&port);
aiot_mqtt_setopt(mqtt_handle, AIOT_MQTTOPT_NETWORK_CRED, (void *)&cred);
aiot_mqtt_setopt(mqtt_handle, AIOT_MQTTOPT_PRODUCT_KEY, (void *)"${device.productKey}");
aiot_mqtt_setopt(mqtt_handle, AIOT_MQTTOPT_DEVICE_NAME, (void *)"${device.deviceName}");
aiot_mqtt_setopt(mqtt_handle, AIOT_MQTTOPT_DEVICE_SECRET, (void *)"${device.deviceSecret}");

/* after aiot_mqtt_connect() */
aiot_ota_report_version(ota_handle, "1.0.0");`,

  https: ({ publicUrl }, device) => `
URL=${publicUrl}
PK=${device.productKey} DN=${device.deviceName} SECRET=${device.deviceSecret}
SIGN=$(printf %s "clientId$DN""deviceName$DN""productKey$PK" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.* //')
TOKEN=$(curl -sS "$URL/auth" -H 'content-type: application/json' -d '{"clientId":"'$DN'","deviceName":"'$DN'",
  "productKey":"'$PK'","signmethod":"hmacsha256","sign":"'$SIGN'"}' | sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')
# what it runs
curl -sS "$URL/topic/ota/device/inform/$PK/$DN" -H "password: $TOKEN" -H 'content-type: application/octet-stream' \\
  -d '{"id":"1","params":{"version":"1.0.0"}}'
# is there something for it?
curl -sS "$URL/topic/sys/$PK/$DN/thing/ota/firmware/get" -H "password: $TOKEN" \\
  -H 'content-type: application/octet-stream' -d '{"id":"2","params":{}}'`,

  swupdate: ({ publicUrl }, device) => `
# /etc/swupdate/swupdate.cfg; started with: swupdate -f /etc/swupdate/swupdate.cfg -u ""
globals : {
  public-key-file = "/etc/swupdate/signer.pem"; # with which your packages are signed
};
suricatta : {
  url = "${publicUrl}"; tenant = "${device.productKey}"; id = "${device.deviceName}";
  targettoken = "${device.deviceToken}"; retry = 60; retrywait = "10";
};
identify : (
  { name = "sw_version"; value = "1.0.0"; }
);`,

  rauc: ({ publicUrl }, device) => `
# /etc/rauc-hawkbit-updater/config.conf
[client]
hawkbit_server = ${new URL(publicUrl).host}
ssl            = ${publicUrl.startsWith("https:")}
tenant_id      = ${device.productKey}
target_name    = ${device.deviceName}
auth_token     = ${device.deviceToken}
bundle_download_location = /tmp/bundle.raucb

[device]
sw_version     = 1.0.0`,

  zephyr: ({ publicUrl }, device) => {
    const url = new URL(publicUrl);
    const isTls = url.protocol === "https:";
    return `
# prj.conf. Zephyr asks as the tenant DEFAULT: make this product the default one (settings, DDI).
# Its own id is BOARD-HARDWARE_ID; the server keeps it under a name made from that.
CONFIG_HAWKBIT=y
CONFIG_HAWKBIT_SERVER="${url.hostname}"
CONFIG_HAWKBIT_PORT=${url.port || (isTls ? 443 : 80)}
${isTls ? "CONFIG_NET_SOCKETS_SOCKOPT_TLS=y\n" : ""}CONFIG_HAWKBIT_DDI_TARGET_SECURITY=y
CONFIG_HAWKBIT_DDI_SECURITY_TOKEN="${device.deviceToken}"`;
  },

  simulate: ({ publicUrl, mqtt }, device) => `
# virtual devices that obey rollouts; on the server's machine, or with a profile of an AccessKey
whimbrel simulate --server ${publicUrl} --mqtt ${mqtt.host}:${mqtt.port} --product ${device.productKey} --devices 20`,
};
