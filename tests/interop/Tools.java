import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Apache Kafka's command-line tools, one after the other, in one JVM.
 *
 *     in, a line each:   CLASS <tab> standard input, in base64 <tab> argument <tab> argument ...
 *     out, a line each:  exit status <tab> everything it printed, in base64
 *
 * With the argument "apart", standard error has a column of its own, and what a tool leaves to the end of its process is done
 * when it has ended.
 */
public class Tools {
    private static class Ended extends Error {
    }

    private static final int RUNS = -1;
    private static int ended = RUNS;
    private static ByteArrayOutputStream printed, complained;
    private static byte[] last;
    private static final List<Runnable> leftToTheEnd = new ArrayList<>();

    /* A process ends with the first call; some tools catch what is thrown here, and go on. */
    private static void end(int status) {
        if (ended == RUNS) {
            ended = status;
            System.out.flush();
            last = printed.toByteArray();
        }
        throw new Ended();
    }

    private static void run(String name, String[] arguments) {
        PrintStream ours = System.out, theirs = System.err;
        PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        System.setOut(out);
        System.setErr(complained == null ? out : new PrintStream(complained, true, StandardCharsets.UTF_8));
        try {
            Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (Throwable thrown) {
            if (ended == RUNS) {
                thrown.printStackTrace(System.err);
                ended = 1;
            }
        } finally {
            leftToTheEnd.forEach(Runnable::run);
            leftToTheEnd.clear();
            System.setOut(ours);
            System.setErr(theirs);
        }
    }

    public static void main(String[] nothing) throws Exception {
        Exit.setExitProcedure((status, message) -> { end(status); });
        Exit.setHaltProcedure((status, message) -> { end(status); });
        boolean apart = nothing.length > 0;
        if (apart) {
            Exit.setShutdownHookAdder((name, hook) -> leftToTheEnd.add(hook));
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null;) {
            String[] words = line.split("\t", -1);
            String[] arguments = Arrays.copyOfRange(words, 2, words.length);
            System.setIn(new ByteArrayInputStream(Base64.getDecoder().decode(words[1])));
            printed = new ByteArrayOutputStream();
            complained = apart ? new ByteArrayOutputStream() : null;
            ended = RUNS;
            last = null;
            run(words[0], arguments);
            byte[] said = last != null ? last : printed.toByteArray();
            System.out.println(Math.max(ended, 0) + "\t" + Base64.getEncoder().encodeToString(said)
                + (apart ? "\t" + Base64.getEncoder().encodeToString(complained.toByteArray()) : ""));
            System.out.flush();
        }
    }
}
