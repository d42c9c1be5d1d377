using System.Net.Http.Headers;
using System.Net.Sockets;

namespace OrleansCache.Silo.Tests;

/// <summary>What the whole silo answers to what it cannot use. The HTTP side's own refusals are tested beside it.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private PartnerProcess _origin = null!;
    private SiloProcess _silo = null!;

    public async ValueTask InitializeAsync()
    {
        _origin = await PartnerProcess.StartAsync(delayMs: 5);
        _silo = await SiloProcess.StartAsync(_origin.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Theory]
    [InlineData("nobody/country?code=NL", 404, "unknown-integration", "nobody")]
    [InlineData("partner/county?code=NL", 404, "unknown-method", "county")]
    [InlineData("partner/country", 400, "missing-argument", "code")]
    [InlineData("partner/country?Code=NL", 400, "missing-argument", "code")]
    [InlineData("partner/country?code=NL&lang=nl", 400, "surplus-argument", "lang")]
    [InlineData("partner/country?code=NL&code=DE", 400, "repeated-argument", "code")]
    [InlineData("partner/country?code=", 400, "bad-argument", "code")]
    [InlineData("partner/country?code=..", 400, "bad-argument", "code")]
    public async Task A_wrong_call_is_named_and_the_origin_not_asked(string path, int status, string type, string named)
    {
        using var answer = await _silo.GetAsync(path);

        Assert.Contains(named, await answer.ProblemAsync(status, type), StringComparison.Ordinal);
        Assert.Empty(await _origin.TimesAsync());
    }

    [Fact]
    public async Task Arguments_that_are_too_long_for_a_key_are_refused_in_words()
    {
        using var answer = await _silo.GetAsync($"partner/country?code={new string('x', 5_000)}");

        var said = await answer.ProblemAsync(400, "bad-argument");
        Assert.Contains("4096", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_of_what_shall_not_be_there_leaves_it()
    {
        using var put = await _silo.PutAsync("r", "k2", "one");
        using var refused = await _silo.SendAsync(HttpMethod.Delete, SiloProcess.EntryPath("r", "k2"), null, ("If-None-Match", "*"));
        using var late = await _silo.SendAsync(HttpMethod.Delete, SiloProcess.EntryPath("r", "k2"), null, ("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"));
        using var after = await _silo.GetAsync(SiloProcess.EntryPath("r", "k2"));
        using var nothing = await _silo.SendAsync(HttpMethod.Delete, SiloProcess.EntryPath("r", "k3"), null, ("If-None-Match", "*"));

        Assert.Equal((412, 412, 200, 204), ((int)refused.StatusCode, (int)late.StatusCode, (int)after.StatusCode, (int)nothing.StatusCode));
    }

    [Fact]
    public async Task Explain_of_what_was_removed_says_that_the_answer_was_the_last()
    {
        using var put = await _silo.PutAsync("r", "k4", "one");
        using var read = await _silo.GetAsync(SiloProcess.EntryPath("r", "k4"));
        using var removed = await _silo.DeleteAsync("r", "k4");

        using var explained = await _silo.GetAsync($"{SiloProcess.EntryPath("r", "k4")}/explain");
        var body = await explained.JsonAsync();

        Assert.Equal(("absent", "Last answer: A fresh value was there."), ((string?)body["state"], (string?)body["reason"]));
    }

    [Fact]
    public async Task What_the_origin_does_not_have_is_its_404_each_time()
    {
        using var first = await _silo.GetAsync("partner/country?code=XX");
        using var second = await _silo.GetAsync("partner/country?code=XX");

        Assert.Equal((404, 404), ((int)first.StatusCode, (int)second.StatusCode));
        Assert.Equal(2, await _origin.CallsAsync("/countries/XX"));
    }

    [Fact]
    public async Task A_cached_absence_is_asked_for_once()
    {
        using var first = await _silo.GetAsync("partner/order?id=nothing");
        using var second = await _silo.GetAsync("partner/order?id=nothing");

        Assert.Equal((404, 404), ((int)first.StatusCode, (int)second.StatusCode));
        Assert.Equal(await first.TextAsync(), await second.TextAsync());
        Assert.Equal(1, await _origin.CallsAsync("/orders/nothing"));
    }

    [Fact]
    public async Task A_refused_PUT_leaves_what_was_there()
    {
        using var put = await _silo.PutAsync("r", "k", "one");
        using var stale = await _silo.PutAsync("r", "k", "two", ("If-Match", "\"1\""));
        using var create = await _silo.PutAsync("r", "k", "three", ("If-None-Match", "*"));
        using var bad = await _silo.PutAsync("r", "k", "four", ("Cache-Control", "max-age=x"));
        using var large = await _silo.SendAsync(HttpMethod.Put, SiloProcess.EntryPath("r", "k"), new ByteArrayContent(new byte[8 * 1024 * 1024 + 1]));
        using var after = await _silo.GetAsync(SiloProcess.EntryPath("r", "k"));

        Assert.Equal((412, 412, 400, 413), ((int)stale.StatusCode, (int)create.StatusCode, (int)bad.StatusCode, (int)large.StatusCode));
        Assert.Equal(("one", put.Header("ETag")), (await after.TextAsync(), after.Header("ETag")));
    }

    [Fact]
    public async Task An_entry_goes_its_whole_way()
    {
        var path = SiloProcess.EntryPath("re/gion", "ke/y ü");
        using var created = await _silo.PutAsync("re/gion", "ke/y ü", "one", ("Cache-Control", "max-age=60"));
        using var replaced = await _silo.PutAsync("re/gion", "ke/y ü", "two", ("If-Match", created.Header("ETag")!));
        using var read = await _silo.GetAsync(path);
        using var matched = await _silo.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", replaced.Header("ETag")!));
        using var removed = await _silo.DeleteAsync("re/gion", "ke/y ü");
        using var again = await _silo.DeleteAsync("re/gion", "ke/y ü");
        using var gone = await _silo.GetAsync(path);
        using var reborn = await _silo.PutAsync("re/gion", "ke/y ü", "three");

        Assert.Equal((201, 200, 200, 304, 204, 204, 404, 201), ((int)created.StatusCode, (int)replaced.StatusCode, (int)read.StatusCode, (int)matched.StatusCode, (int)removed.StatusCode, (int)again.StatusCode, (int)gone.StatusCode, (int)reborn.StatusCode));
        Assert.Equal("two", await read.TextAsync());
        Assert.Equal(new MediaTypeHeaderValue("text/plain", "utf-8"), read.Content.Headers.ContentType);
        long[] versions = [.. new[] { created, replaced, reborn }.Select(answer => long.Parse(answer.Header("ETag")!.Trim('"'), System.Globalization.CultureInfo.InvariantCulture))];
        Assert.True(versions[0] < versions[1] && versions[1] < versions[2], string.Join(' ', versions));
    }

    [Fact]
    public async Task An_entry_of_8_MiB_comes_back_byte_for_byte()
    {
        var bytes = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(bytes);
        using var put = await _silo.SendAsync(HttpMethod.Put, SiloProcess.EntryPath("r", "large"), new ByteArrayContent(bytes));

        using var answer = await _silo.GetAsync(SiloProcess.EntryPath("r", "large"));
        var read = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.Equal(201, (int)put.StatusCode);
        Assert.True(bytes.AsSpan().SequenceEqual(read));
    }

    [Theory]
    [InlineData("garbage that is no frame at all, and long enough to be read as one header or two")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("\0\0\0\u0010\0\0\0\u0010ORLEANS")]
    public async Task Garbage_on_the_silos_port_harms_nobody(string garbage)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(System.Net.IPAddress.Loopback, _silo.SiloPort, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(garbage), TestContext.Current.CancellationToken);

        using var answer = await _silo.GetAsync("partner/country?code=NL");

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.False(_silo.Process.HasExited);
    }
}
