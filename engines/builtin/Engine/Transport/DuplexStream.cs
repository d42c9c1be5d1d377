using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;

namespace OrleansCache.Engine;

/// <summary>A duplex pipe as one stream, for TLS.</summary>
internal sealed class DuplexStream(IDuplexPipe pipe) : Stream
{
    private readonly Stream _input = pipe.Input.AsStream();
    private readonly Stream _output = pipe.Output.AsStream();

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The pipe inside TLS.</summary>
    /// <exception cref="InvalidDataException">The two sides did not agree; the message says on what.</exception>
    public static async Task<IDuplexPipe> SecureAsync(IDuplexPipe plain, Func<SslStream, Task> authenticate)
    {
        var tls = new SslStream(new DuplexStream(plain));
        try
        {
            await authenticate(tls).ConfigureAwait(false);
        }
        catch (Exception error) when (error is AuthenticationException or IOException)
        {
            throw new InvalidDataException($"TLS was not agreed: {error.Message}", error);
        }
        return new Pair(PipeReader.Create(tls), PipeWriter.Create(tls));
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private sealed record Pair(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
