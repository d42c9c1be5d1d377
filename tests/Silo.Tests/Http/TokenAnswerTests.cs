using System.Text;

namespace OrleansCache.Silo.Tests;

public sealed class TokenAnswerTests
{
    [Theory]
    [InlineData("""{ "access_token": "t", "expires_in": 30 }""", 30)]
    [InlineData("""{ "access_token": "t", "expires_in": "30" }""", 30)]
    [InlineData("""{ "access_token": "t", "expires_in": null }""", null)]
    [InlineData("""{ "access_token": "t" }""", null)]
    public void A_tokens_time_may_be_a_number_a_text_or_not_said(string json, int? seconds) =>
        Assert.Equal(new TokenAnswer("t", seconds is { } said ? TimeSpan.FromSeconds(said) : null), TokenAnswer.Read(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("""{ "access_token": "t", "expires_in": "soon" }""")]
    [InlineData("""{ "access_token": "t", "expires_in": [30] }""")]
    [InlineData("""{ "access_token": "t u" }""")]
    [InlineData("""{ "access_token": "t", "token_type": "mac" }""")]
    [InlineData("[]")]
    public void What_is_no_bearer_token_is_none(string json) => Assert.Null(TokenAnswer.Read(Encoding.UTF8.GetBytes(json)));
}
