using OrleansCache.TestSupport;

namespace OrleansCache.Redis;

public class RedisPasswordTests : RedisTest
{
    protected override RedisServerOptions ServerOptions => new() { Password = "geheim", AclUser = "alice on >secret ~a:* &* +@all" };

    [Theory]
    [InlineData("password=geheim")]
    [InlineData("user=alice,password=secret")]
    public async Task The_right_password_is_let_in(string options)
    {
        var client = await ConnectAsync(options);

        await client.SetAsync("a:1", "v", cancellationToken: Cancellation);
    }

    [Theory]
    [InlineData("password=secret", "WRONGPASS")]
    [InlineData("user=alice,password=geheim,name=x", "WRONGPASS")]
    [InlineData("user=bob,password=secret", "WRONGPASS")]
    [InlineData("", "NOAUTH")]
    public async Task A_wrong_one_is_an_error_at_start_that_does_not_show_it(string options, string code)
    {
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync(options));

        Assert.Equal(code, Assert.IsType<RedisServerException>(exception.InnerException).Code);
        Assert.DoesNotContain("geheim", exception.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_ACL_forbids_is_an_error_of_that_command_alone()
    {
        var client = await ConnectAsync("user=alice,password=secret");

        var exception = await Assert.ThrowsAsync<RedisServerException>(async () => await client.GetAsync("b:1", Cancellation));

        Assert.Equal("NOPERM", exception.Code);
        Assert.Null(await client.GetAsync("a:1", Cancellation));
    }
}

public class RedisTlsTests : RedisTest
{
    protected override RedisServerOptions ServerOptions => new() { Tls = true, Password = "geheim" };

    [Fact]
    public async Task A_certificate_that_the_callback_knows_is_accepted()
    {
        var options = RedisConnectionOptions.Parse($"127.0.0.1:{Server.Port},ssl=true,sslHost=localhost,password=geheim");
        options.CertificateValidation = (_, certificate, _, _) => certificate!.GetCertHashString() == Server.Certificate!.GetCertHashString();
        var client = await ConnectAsync(options);
        var big = new byte[1 << 20];

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => client.SetAsync($"k{i}", big, cancellationToken: Cancellation).AsTask()));

        Assert.Equal(big.Length, (await client.GetAsync("k99", Cancellation))!.Length);
    }

    [Fact]
    public async Task The_certificate_must_bear_the_name()
    {
        var chain = new List<bool>();
        var options = RedisConnectionOptions.Parse($"127.0.0.1:{Server.Port},ssl=true,sslHost=other.example.com,connectTimeout=1000");
        options.CertificateValidation = (_, _, _, errors) =>
        {
            chain.Add(errors.HasFlag(System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch));
            return false;
        };

        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync(options));

        Assert.All(chain, Assert.True);
        Assert.NotEmpty(chain);
    }

    [Fact]
    public async Task Without_a_callback_a_certificate_of_unknown_authority_is_refused()
    {
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync("ssl=true,sslHost=localhost,connectTimeout=1000"));

        Assert.Contains("certificate", exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Plain_text_to_a_TLS_port_is_an_error_at_start()
        => await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync("connectTimeout=1000"));
}

public class RedisResp2Tests : RedisTest
{
    protected override RedisServerOptions ServerOptions => new() { Arguments = ["--rename-command", "HELLO", ""], Password = "geheim" };

    [Fact]
    public async Task A_server_that_does_not_know_RESP3_is_refused_and_the_password_not_shown()
    {
        var exception = await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectAsync("password=geheim,name=old"));

        Assert.Contains("RESP3", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", exception.ToString(), StringComparison.Ordinal);
    }
}
