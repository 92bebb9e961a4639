import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A mongo-java-server for tests: MongoServer FOLDER [PORT] keeps its data in memory, says its address in FOLDER/address, and runs until it is killed. */
public class MongoServer {
    public static void main(String[] args) throws Exception {
        var server = new de.bwaldvogel.mongo.MongoServer(new MemoryBackend());
        server.enableOplog();
        server.bind("127.0.0.1", args.length > 1 ? Integer.parseInt(args[1]) : 0);
        Path fresh = Path.of(args[0], "address.new");
        Files.writeString(fresh, "127.0.0.1:" + server.getLocalAddress().getPort() + "\n");
        Files.move(fresh, Path.of(args[0], "address"), StandardCopyOption.ATOMIC_MOVE);
    }
}
