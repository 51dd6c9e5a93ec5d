import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.opensearch.client.node.NodeClient;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.SecureHttpTransportSettingsProvider;
import org.opensearch.plugins.SecureSettingsFactory;
import org.opensearch.plugins.SecureTransportSettingsProvider;
import org.opensearch.plugins.TransportExceptionHandler;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestChannel;
import org.opensearch.rest.RestHandler;
import org.opensearch.rest.RestRequest;
import org.opensearch.transport.Transport;

/**
 * TLS and the master user of a domain, by the extension points that OpenSearch has for its security plugin.
 *
 * <p>The property aura.security is a folder with certificate.pem, key.pem, authority.pem and authorization. The last
 * has the one value of the header Authorization that is admitted; it is read at every request, so that a new password
 * needs no restart. Another node is admitted by a certificate of the same authority.
 */
public final class DomainSecurity extends Plugin implements ActionPlugin, SecureSettingsFactory {
  private final Path folder = Path.of(System.getProperty("aura.security"));

  @Override
  public UnaryOperator<RestHandler> getRestHandlerWrapper(ThreadContext context) {
    return Guarded::new;
  }

  @Override
  public Optional<SecureSettingsFactory> getSecureSettingFactory(Settings settings) {
    return Optional.of(this);
  }

  @Override
  public Optional<SecureHttpTransportSettingsProvider> getSecureHttpTransportSettingsProvider(Settings settings) {
    return Optional.of(new Clients());
  }

  @Override
  public Optional<SecureTransportSettingsProvider> getSecureTransportSettingsProvider(Settings settings) {
    return Optional.of(new Nodes());
  }

  private boolean admits(RestRequest request) throws IOException {
    List<String> given = request.getAllHeaderValues("Authorization");
    byte[] admitted = Files.readAllBytes(folder.resolve("authorization"));
    return given != null
        && given.size() == 1
        && MessageDigest.isEqual(admitted, given.get(0).getBytes(StandardCharsets.UTF_8));
  }

  private SSLEngine server(ClientAuth clients) throws SSLException {
    return SslContextBuilder.forServer(file("certificate.pem"), file("key.pem"))
        .trustManager(file("authority.pem"))
        .clientAuth(clients)
        .protocols("TLSv1.3", "TLSv1.2")
        .build()
        .newEngine(ByteBufAllocator.DEFAULT);
  }

  private SSLEngine client(String host, int port) throws SSLException {
    return SslContextBuilder.forClient()
        .keyManager(file("certificate.pem"), file("key.pem"))
        .trustManager(file("authority.pem"))
        .protocols("TLSv1.3", "TLSv1.2")
        .build()
        .newEngine(ByteBufAllocator.DEFAULT, host, port);
  }

  private File file(String name) {
    return folder.resolve(name).toFile();
  }

  private final class Guarded extends RestHandler.Wrapper {
    Guarded(RestHandler handler) {
      super(handler);
    }

    @Override
    public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) throws Exception {
      if (admits(request)) {
        super.handleRequest(request, channel, client);
        return;
      }
      BytesRestResponse refusal = new BytesRestResponse(RestStatus.UNAUTHORIZED, "Unauthorized");
      refusal.addHeader("WWW-Authenticate", "Basic realm=\"OpenSearch Security\"");
      channel.sendResponse(refusal);
    }
  }

  private final class Clients implements SecureHttpTransportSettingsProvider {
    @Override
    public Optional<SSLEngine> buildSecureHttpServerEngine(Settings settings, HttpServerTransport transport)
        throws SSLException {
      return Optional.of(server(ClientAuth.NONE));
    }

    @Override
    public Optional<TransportExceptionHandler> buildHttpServerExceptionHandler(
        Settings settings, HttpServerTransport transport) {
      return Optional.empty();
    }
  }

  private final class Nodes implements SecureTransportSettingsProvider {
    @Override
    public Optional<SSLEngine> buildSecureServerTransportEngine(Settings settings, Transport transport)
        throws SSLException {
      return Optional.of(server(ClientAuth.REQUIRE));
    }

    @Override
    public Optional<SSLEngine> buildSecureClientTransportEngine(Settings settings, String host, int port)
        throws SSLException {
      return Optional.of(client(host, port));
    }

    @Override
    public Optional<TransportExceptionHandler> buildServerTransportExceptionHandler(
        Settings settings, Transport transport) {
      return Optional.empty();
    }
  }
}
