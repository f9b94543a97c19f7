"""A libtorrent peer or seed of the bench: says that it is up, begins with the go, tells when it has everything."""
import json
import os
import select
import sys

import libtorrent as lt

role, ip, torrent, folder = sys.argv[1:5]
port = sys.argv[5] if len(sys.argv) > 5 else '51413'

# No limits, no discovery beyond tracker and peer exchange, plain TCP; everybody may be unchoked, and connected to at once.
SETTINGS = {
    'listen_interfaces': ip + ':' + port,
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'in_enc_policy': 2,
    'out_enc_policy': 2,
    'allow_multiple_connections_per_ip': True,
    'enable_outgoing_utp': False,
    'enable_incoming_utp': False,
    'connection_speed': 500,
    'torrent_connect_boost': 255,
    'smooth_connects': False,
    'connections_limit': 500,
    'unchoke_slots_limit': 8,
    'min_announce_interval': 5,
    'min_reconnect_time': 1,
    'alert_mask': lt.alert.category_t.status_notification,
}
SETTINGS.update(json.loads(os.environ.get('LIBTORRENT_SETTINGS', '{}')))


def say(line):
    print(json.dumps(line), flush=True)


def is_dismissed():
    """Whether standard input has ended."""
    return bool(select.select([sys.stdin], [], [], 0)[0]) and not sys.stdin.readline()


session = lt.session(SETTINGS)
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = folder
params.flags &= ~lt.torrent_flags.auto_managed
if role == 'seed':
    params.flags &= ~lt.torrent_flags.paused
    params.flags |= lt.torrent_flags.seed_mode
else:
    params.flags |= lt.torrent_flags.paused
handle = session.add_torrent(params)
say({'type': 'ready'})
sys.stdin.readline()
handle.resume()
while not is_dismissed():
    session.wait_for_alert(200)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_finished_alert) and role == 'peer':
            say({'type': 'done'})
        elif isinstance(alert, lt.torrent_error_alert):
            say({'type': 'error', 'message': alert.message()})
os._exit(0)
