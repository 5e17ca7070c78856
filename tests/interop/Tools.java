import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Apache Kafka's command-line tools, one after the other, in one JVM.
 *
 *     in, a line each:   CLASS <tab> argument <tab> argument ...
 *     out, a line each:  exit status <tab> everything it printed, in base64
 */
public class Tools {
    private static class Ended extends Error {
        final int status;

        Ended(int status) {
            this.status = status;
        }
    }

    private static int run(String name, String[] arguments, PrintStream out) {
        PrintStream ours = System.out, theirs = System.err;
        System.setOut(out);
        System.setErr(out);
        try {
            Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) arguments);
            return 0;
        } catch (Throwable thrown) {
            for (Throwable at = thrown; at != null; at = at.getCause()) {
                if (at instanceof Ended) return ((Ended) at).status;
            }
            thrown.printStackTrace(out);
            return -1;
        } finally {
            System.setOut(ours);
            System.setErr(theirs);
        }
    }

    public static void main(String[] nothing) throws Exception {
        Exit.setExitProcedure((status, message) -> { throw new Ended(status); });
        Exit.setHaltProcedure((status, message) -> { throw new Ended(status); });
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null;) {
            String[] words = line.split("\t", -1);
            String[] arguments = new String[words.length - 1];
            System.arraycopy(words, 1, arguments, 0, arguments.length);
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            int status = run(words[0], arguments, new PrintStream(printed, true, "UTF-8"));
            System.out.println(status + "\t" + Base64.getEncoder().encodeToString(printed.toByteArray()));
            System.out.flush();
        }
    }
}
