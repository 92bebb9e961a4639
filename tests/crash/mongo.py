"""mongo: a MongoDB server for crash rounds: mongod where there is one, else FerretDB as scripts/test-servers builds it."""
import hashlib, os, re, shutil, signal, socket, subprocess, sys

from servers import Server

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, 'connectors'))
from mongo_client import B, Client, L, decode

WRITES = re.compile(rb'\x02(insert|update|delete|findAndModify|create|drop|renameCollection)\0')


def ferretdb():
    """Its path, there or not."""
    where = subprocess.run([os.path.join(os.path.dirname(TESTS), 'scripts', 'test-servers'), '--where'], capture_output=True, text=True, check=True)
    return where.stdout.strip() + '/ferretdb'


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


class MongoDB(Server):
    name, variable, stop_by = 'MongoDB', 'MONGO', signal.SIGKILL
    disturbances = ('server', 'cut', 'cut')

    @classmethod
    def available(cls):
        return bool(shutil.which('mongod') or os.access(ferretdb(), os.X_OK))

    def set_up(self):
        data, address = self.folder + '/data', '127.0.0.1:%d' % free_port()
        os.mkdir(data)
        self.socket = ('127.0.0.1', int(address.split(':')[1]))
        self.argv = (['mongod', '--dbpath', data, '--bind_ip', '127.0.0.1', '--port', str(self.socket[1]), '--nounixsocket']
                     if shutil.which('mongod') else [ferretdb(), data, address])

    def address(self, relayed=False):
        return 'mongodb://127.0.0.1:%d/app?socketTimeoutMS=15000' % (self.relay.port if relayed else self.socket[1])

    def client(self):
        return Client('%s:%d' % self.socket, 'app')

    def ready(self):
        """FerretDB may never answer again after a client was killed: then it is started anew."""
        try:
            client = self.client()
            client.socket.settimeout(10)
            return client.run({'count': 'games'})['ok'] == 1.0
        except TimeoutError:
            self.process.kill()
            self.process.wait()
            self.launch()
            return False
        except (OSError, EOFError):
            return False

    def disturb(self, how, rng):
        self.kill()

    def calm(self):
        self.wait_ready()

    def collections(self):
        return [c['name'] for c in self.client().run({'listCollections': 1})['cursor']['firstBatch']]

    def clear(self):
        self.calm()
        client = self.client()
        for name in self.collections():
            client.run({'drop': name})

    def leftovers(self, collections):
        return sorted(set(self.collections()) - set(collections))

    def insert(self, documents):
        self.client().run({'insert': 'games', 'documents': documents})

    def update(self, condition, change):
        self.client().run({'update': 'games', 'updates': [{'q': condition, 'u': change, 'multi': True}]})

    def delete(self, condition):
        self.client().run({'delete': 'games', 'deletes': [{'q': condition, 'limit': 0}]})

    def digest(self, collection, but):
        """Of documents, without some fields."""
        documents = [{k: v for k, v in decode(d).items() if k not in but} for d in self.client().documents(collection)]
        return '%d %s' % (len(documents), hashlib.sha256('\n'.join(sorted(map(repr, documents))).encode()).hexdigest())

    def writes(self):
        """What clients have said since the relay was armed that would write, other than in vain."""
        return WRITES.findall(bytes(self.relay.heard))
