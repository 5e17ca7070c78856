import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.common.protocol.*;

/**
 * Asks Kafka's own classes whether the golden messages are Kafka's: each is read and written again by them, and must come
 * out the same.
 *
 *   java -cp 'KAFKA/libs/*' CheckGolden.java golden.tsv golden_records.tsv
 */
public class CheckGolden {
  public static void main(String[] args) throws Exception {
    int passed = 0, failed = 0;
    for (String file : args) {
      for (String line : Files.readAllLines(Path.of(file))) {
        String[] part = line.split("\t");
        byte[] bytes = HexFormat.of().parseHex(part[2]);
        short version = Short.parseShort(part[1]);
        try {
          Class<?> type = find(part[0]);
          // A record of the metadata log has its frame in front: version, type, version, a byte each.
          int frame = type.getPackageName().endsWith(".metadata") ? 3 : 0;
          ByteBuffer body = ByteBuffer.wrap(bytes, frame, bytes.length - frame).slice();
          ApiMessage message = (ApiMessage) type
              .getConstructor(org.apache.kafka.common.protocol.Readable.class, short.class)
              .newInstance(new ByteBufferAccessor(body), version);
          if (frame > 0 && message.apiKey() != bytes[1]) throw new Exception("type " + bytes[1]);
          ObjectSerializationCache cache = new ObjectSerializationCache();
          ByteBuffer again = ByteBuffer.allocate(message.size(cache, version));
          message.write(new ByteBufferAccessor(again), cache, version);
          if (body.hasRemaining() || !Arrays.equals(again.array(), Arrays.copyOfRange(bytes, frame, bytes.length)))
            throw new Exception("written as " + HexFormat.of().formatHex(again.array()));
          passed++;
        } catch (Exception e) {
          failed++;
          System.out.println(part[0] + " " + version + " " + part[2] + ": " + (e.getCause() != null ? e.getCause() : e));
        }
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    if (failed > 0) System.exit(1);
  }

  static Class<?> find(String name) throws Exception {
    for (String one : List.of("common.message." + name + "Data", "common.metadata." + name, "common.message." + name))
      try {
        return Class.forName("org.apache.kafka." + one);
      } catch (ClassNotFoundException e) {
        continue;
      }
    throw new Exception("no class for " + name);
  }
}
